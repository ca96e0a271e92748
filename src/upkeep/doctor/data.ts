import { DATA_VERSION, readDataVersion, refuseNewer } from "../../data/version.ts";
import { failed, type Finding, ok, type Patient, warning } from "./finding.ts";

/** The data directory is there, and of a form that this program knows. */
export async function checkData({ layout }: Patient): Promise<Finding[]> {
  const version = await readDataVersion(layout);
  if (version === null) {
    return [failed("data", `${layout.root} is missing or empty`, "Make it: mysimbdp manage init")];
  }
  refuseNewer(layout.root, version);
  if (version === DATA_VERSION) return [ok("data", `${layout.root}, version ${version}`)];
  return [warning(
    "data",
    `${layout.root} has version ${version} of ${DATA_VERSION}`,
    "Stop both services and start them again: the first brings it forward and keeps a backup.",
  )];
}
