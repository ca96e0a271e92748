import { join } from "node:path";
import { CONFIG_FILE } from "../../config/load.ts";
import { listFolder, orNull, statIfThere } from "../../data/durable.ts";
import type { Layout } from "../../data/layout.ts";
import { type CheckContext, failed, type Finding, ok } from "./finding.ts";

/** More entries are not looked at: a platform may have millions of archived files. */
const MAX_ENTRIES = 100_000;
/** The largest folder comes last, so that the others are always checked. */
const LAST = "archive";
const READ = 0o400;
const READ_WRITE_ENTER = 0o700;

/** Other users have no access, and the services' user owns and can read what is in the directory. */
export async function checkPermissions({ layout }: CheckContext): Promise<Finding[]> {
  if (Deno.build.os === "windows") return [];
  const root = await orNull(Deno.stat(layout.root));
  if (!root) return [];
  const findings = [...await checkPrivate(layout), ...await checkOwners(layout.root, root)];
  if (Deno.uid() !== root.uid && Deno.uid() !== 0) {
    findings.push(failed(
      "permissions",
      `the current user is ${Deno.uid()}, but the data directory belongs to user ${root.uid}`,
      "Run commands as the user of the services.",
    ));
  }
  return findings.length > 0 ? findings : [ok("permissions", `private to user ${root.uid}`)];
}

/** The directory's own mode protects everything below it. */
async function checkPrivate(layout: Layout): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (
    const path of [
      layout.root,
      layout.users,
      layout.admins,
      layout.credentials,
      join(layout.root, CONFIG_FILE),
    ]
  ) {
    const mode = ((await orNull(Deno.stat(path)))?.mode ?? 0) & 0o777;
    if ((mode & 0o007) === 0) continue;
    const shown = mode.toString(8);
    findings.push(
      failed("permissions", `other users can access ${path} (mode ${shown})`, `chmod o= ${path}`),
    );
  }
  return findings;
}

/** One finding for all files of other users, and one for those that their owner cannot use. */
async function checkOwners(root: string, { uid, gid }: Deno.FileInfo): Promise<Finding[]> {
  const foreign: string[] = [];
  const closed: string[] = [];
  let left = MAX_ENTRIES;
  for await (const { path, info } of entriesBelow(root)) {
    if (left-- === 0) break;
    // Whose a link is does not matter; root may own the configuration.
    if (info.isSymlink || path === join(root, CONFIG_FILE)) continue;
    if (info.uid !== uid) foreign.push(`${path} (user ${info.uid})`);
    const needed = info.isDirectory ? READ_WRITE_ENTER : READ;
    if (((info.mode ?? needed) & needed) !== needed) closed.push(path);
  }
  const findings: Finding[] = [];
  if (foreign.length > 0) {
    const what = `the data directory belongs to user ${uid}, but not ${andMore(foreign)}`;
    findings.push(failed("permissions", what, `Run as root: chown -R ${uid}:${gid} ${root}`));
  }
  if (closed.length > 0) {
    const hint = `Run: chmod -R u+rwX ${root}`;
    findings.push(failed("permissions", `the owner cannot use ${andMore(closed)}`, hint));
  }
  return findings;
}

function andMore(paths: string[]): string {
  const [first = ""] = paths;
  return paths.length === 1 ? first : `${first} and ${paths.length - 1} more`;
}

async function* entriesBelow(
  folder: string,
): AsyncGenerator<{ path: string; info: Deno.FileInfo }> {
  const entries = await listFolder(folder).catch(() => []);
  for (const { name, isDirectory } of entries.sort((a, b) => rank(a.name) - rank(b.name))) {
    const path = join(folder, name);
    const info = await statIfThere(path);
    if (info) yield { path, info };
    if (isDirectory) yield* entriesBelow(path);
  }
}

function rank(name: string): number {
  return Number(name === LAST);
}
