import { join } from "node:path";
import { orNull } from "../../data/durable.ts";
import { FILE_FOLDERS } from "../../data/layout.ts";
import { type CheckContext, failed, type Finding, ok } from "./finding.ts";

/** Other users have no access, and the services' user owns the files that it writes. */
export async function checkPermissions({ layout }: CheckContext): Promise<Finding[]> {
  if (Deno.build.os === "windows") return [];
  const root = await orNull(Deno.stat(layout.root));
  if (!root) return [];
  const findings: Finding[] = [];
  // The directory's own mode protects everything below it.
  const secret = [layout.root, layout.users, layout.admins, join(layout.root, "mysimbdp.toml")];
  const paths = [
    ...secret,
    layout.uploads,
    layout.db,
    layout.ledger,
    layout.receipts,
    ...FILE_FOLDERS.map((folder) => layout.folder(folder)),
  ];
  for (const path of paths) {
    const info = await orNull(Deno.stat(path));
    if (!info) continue;
    const mode = (info.mode ?? 0) & 0o777;
    if (secret.includes(path) && (mode & 0o007) !== 0) {
      const shown = mode.toString(8);
      findings.push(
        failed("permissions", `other users can access ${path} (mode ${shown})`, `chmod o= ${path}`),
      );
    }
    const isConfig = path.endsWith(".toml");
    if (info.uid !== root.uid && !isConfig) {
      findings.push(failed(
        "permissions",
        `${path} belongs to user ${info.uid}, but the data directory to user ${root.uid}`,
        `Run chown ${root.uid}:${root.gid} ${path}, and run commands as that user.`,
      ));
    }
  }
  if (Deno.uid() !== root.uid && Deno.uid() !== 0) {
    findings.push(failed(
      "permissions",
      `the current user is ${Deno.uid()}, but the data directory belongs to user ${root.uid}`,
      "Run commands as the user of the services.",
    ));
  }
  return findings.length > 0 ? findings : [ok("permissions", `private to user ${root.uid}`)];
}
