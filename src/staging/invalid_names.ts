import type { Layout } from "../data/layout.ts";
import type { StagingProblem } from "./survey.ts";

/** Names with a byte that is not printable ASCII. */
const OTHER_NAMES = "*[! -~]*";
const MAX_LISTED = 20;

/**
 * Finds entries of staging whose names are not valid UTF-8. The runtime does not list them, so `find`
 * does; none where it is missing.
 */
export async function invalidNames(layout: Layout): Promise<StagingProblem[]> {
  const root = layout.folder("staging");
  if (Deno.build.os === "windows") return [];
  const invalid = split(await listed(root)).filter((name) => !isUtf8(name));
  return invalid.slice(0, MAX_LISTED).map((name) => ({
    path: new TextDecoder().decode(name),
    why: "its name is not valid UTF-8. Rename it, for example with convmv",
  }));
}

/** The paths that `find` prints, each with a NUL at its end. */
async function listed(root: string): Promise<Uint8Array> {
  try {
    const find = new Deno.Command("find", {
      args: [root, "-mindepth", "1", "-maxdepth", "2", "-name", OTHER_NAMES, "-print0"],
      env: { LC_ALL: "C" },
      stderr: "null",
    });
    return (await find.output()).stdout;
  } catch {
    // It is not installed, or must not be started: the other checks still hold.
    return new Uint8Array();
  }
}

function split(bytes: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  for (let start = 0, end; (end = bytes.indexOf(0, start)) >= 0; start = end + 1) {
    names.push(bytes.subarray(start, end));
  }
  return names;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
