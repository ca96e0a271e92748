import { DATA_VERSION, readDataVersion, refuseNewer } from "../../data/version.ts";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";

/** The data directory exists, and this program supports its version. */
export async function checkData({ layout }: CheckContext): Promise<Finding[]> {
  const version = await readDataVersion(layout);
  if (version === null) {
    return [failed("data", `${layout.root} is missing or empty`, "Run mysimbdp manage init.")];
  }
  refuseNewer(layout.root, version);
  if (version === DATA_VERSION) return [ok("data", `${layout.root}, version ${version}`)];
  return [warning(
    "data",
    `${layout.root} has version ${version}, the newest is ${DATA_VERSION}`,
    "Restart both services: the first one to start upgrades it and keeps a backup.",
  )];
}
