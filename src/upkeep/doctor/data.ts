import { requireData } from "../../data/data_directory.ts";
import { DATA_VERSION, refuseNewer } from "../../data/version.ts";
import { type CheckContext, type Finding, ok, warning } from "./finding.ts";

/** The data directory exists, and this program supports its version. */
// deno-lint-ignore require-await -- a failure rejects
export async function checkData({ layout }: CheckContext): Promise<Finding[]> {
  const version = requireData(layout);
  refuseNewer(layout.root, version);
  if (version === DATA_VERSION) return [ok("data", `${layout.root}, version ${version}`)];
  return [warning(
    "data",
    `${layout.root} has version ${version}, the newest is ${DATA_VERSION}`,
    "Restart both services: the first one to start upgrades it and keeps a backup.",
  )];
}
