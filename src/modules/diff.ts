import { createTwoFilesPatch } from "diff";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Permissions } from "../config/tenant_json.ts";
import type { ModuleFiles } from "../protocol/module_view.ts";
import type { ModuleStore, TenantVersion } from "./store.ts";
import { withHiddenShown } from "./visible.ts";

/** For one file: a hostile text can be built to be slow to compare. */
const TIMEOUT_MS = 2_000;

/**
 * Returns the unified diff of two versions of a module, with hidden characters made visible for the
 * operator who reviews it. WebAssembly files are compared by size and SHA-256.
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
  const diffs = paths.map((path) => diffFile(path, text(before, path), text(after, path)));
  return withHiddenShown(diffs.join(""));
}

/** What an operator reviews. */
interface Changes {
  /** The version that it is compared with. */
  against: string | null;
  files: ModuleFiles;
  diff: string;
  /** What the version may do; null if it was not built. */
  permissions: Permissions | null;
}

/** The changes of a version from the current one; for the current one, from the previous one. */
export async function changesOf(
  store: ModuleStore,
  { tenant, version }: TenantVersion,
): Promise<Changes> {
  const current = await store.currentVersion(tenant);
  const against = version === current ? (await store.record(tenant, version)).previous : current;
  const files = await store.sources(tenant, version);
  const before = against === null ? {} : await store.sources(tenant, against);
  const permissions = await store.permissions(tenant, version);
  return { against, files, diff: diffModules(before, files), permissions };
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

function diffFile(path: string, before: string | undefined, after: string | undefined): string {
  if (before === after) return "";
  const from = before === undefined ? "/dev/null" : `a/${path}`;
  const to = after === undefined ? "/dev/null" : `b/${path}`;
  const patch = createTwoFilesPatch(from, to, before ?? "", after ?? "", "", "", {
    context: 3,
    timeout: TIMEOUT_MS,
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  });
  return patch?.replaceAll(/^(---|\+\+\+) (.*)\t$/gm, "$1 $2") ?? tooDifferent(path);
}

function binaryText(base64: string): string {
  const hash = createHash("sha256").update(base64, "base64").digest("hex");
  return `WebAssembly of ${Buffer.byteLength(base64, "base64")} bytes, SHA-256 ${hash}\n`;
}

function tooDifferent(path: string): string {
  return `--- a/${path}\n+++ b/${path}\n(too different for a line-by-line diff)\n`;
}
