import { createTwoFilesPatch } from "diff";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Permissions } from "../config/tenant_json.ts";
import type { ModuleFiles } from "../protocol/module_view.ts";
import { readReviewed, type Reviewed } from "./reviewed.ts";
import type { ModuleStore, TenantVersion } from "./store.ts";
import { withHiddenShown } from "./visible.ts";

/**
 * The work of comparing all files of a module: a comparison that finds D changed lines takes D². It is
 * not a time, so that the same versions always have the same diff, page by page.
 */
const MAX_WORK = 2_000 ** 2;

/**
 * Returns the unified diff of two versions of a module, with hidden characters made visible for the
 * operator who reviews it. Files that are too different to compare are shown in full, the old one as
 * removed and the new one as added: nothing that would run is left out. WebAssembly files are compared
 * by size and SHA-256.
 *
 * @returns "" when the versions are the same
 *
 * @example
 * ```ts
 * import { diffModules } from "./diff.ts";
 * diffModules({ "a.ts": "1\n" }, { "a.ts": "2\n" }); // "--- a/a.ts\n+++ b/a.ts\n@@ -1,1 +1,1 @@\n-1\n+2\n"
 * ```
 */
export function diffModules(before: ModuleFiles, after: ModuleFiles): string {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const text = (files: ModuleFiles, path: string) => {
    const content = files[path];
    return content !== undefined && path.endsWith(".wasm") ? binaryText(content) : content;
  };
  let work = MAX_WORK;
  const diffs = paths.map((path) => {
    const [old, now] = [text(before, path), text(after, path)];
    if (old === now) return "";
    if (old === undefined || now === undefined) return wholeFiles(path, old, now, "");
    const most = Math.floor(Math.sqrt(work));
    const patch = compare(path, old, now, most);
    work -= Math.min(most, patch === null ? most : changedLines(patch)) ** 2;
    return patch ?? wholeFiles(path, old, now, " too different to compare: both in full");
  });
  return withHiddenShown(diffs.join(""));
}

/** What an operator sees of a version. */
interface Changes extends Reviewed {
  files: ModuleFiles;
  diff: string;
}

/** The changes of a version from the current one; for the current one, from the previous one. */
export async function changesOf(store: ModuleStore, at: TenantVersion): Promise<Changes> {
  const reviewed = await readReviewed(store, at);
  const { against } = reviewed;
  const before = against === null ? {} : await store.sources(at.tenant, against);
  const files = await store.sources(at.tenant, at.version);
  return { ...reviewed, files, diff: diffModules(before, files) };
}

/**
 * What a module may do, as one line.
 *
 * @example
 * ```ts
 * import { permissionsText } from "./diff.ts";
 * permissionsText({ write: ["t"], read: [], net: ["a.example"], secrets: [] }); // "write t; net a.example"
 * ```
 */
export function permissionsText({ write, read, net, secrets }: Permissions): string {
  return Object.entries({ write, read, net, secrets })
    .flatMap(([verb, names]) => names.length > 0 ? [`${verb} ${names.join(", ")}`] : [])
    .join("; ");
}

/** The diff of a file that both versions have; null if it has more than `most` changed lines. */
function compare(path: string, before: string, after: string, most: number): string | null {
  if (most === 0) return null;
  const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, {
    context: 3,
    maxEditLength: most,
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  });
  return patch ?? null;
}

function changedLines(patch: string): number {
  return patch.split("\n").filter((line) => /^[-+]/.test(line)).length;
}

/** All lines of the old file as removed and all of the new one as added. */
function wholeFiles(
  path: string,
  before: string | undefined,
  after: string | undefined,
  remark: string,
): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  const span = ({ length }: string[]) => `${length === 0 ? 0 : 1},${length}`;
  return [
    `--- ${before === undefined ? "/dev/null" : `a/${path}`}`,
    `+++ ${after === undefined ? "/dev/null" : `b/${path}`}`,
    ...old.length + now.length > 0 ? [`@@ -${span(old)} +${span(now)} @@${remark}`] : [],
    ...signed("-", old, before),
    ...signed("+", now, after),
  ].map((line) => `${line}\n`).join("");
}

function linesOf(text = ""): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function signed(sign: string, lines: string[], text = ""): string[] {
  const end = lines.length > 0 && !text.endsWith("\n") ? ["\\ No newline at end of file"] : [];
  return [...lines.map((line) => sign + line), ...end];
}

function binaryText(base64: string): string {
  const hash = createHash("sha256").update(base64, "base64").digest("hex");
  return `WebAssembly of ${Buffer.byteLength(base64, "base64")} bytes, SHA-256 ${hash}\n`;
}
