import { formatCount } from "../../base/count.ts";
import { invalidNames } from "../../staging/invalid_names.ts";
import { surveyStaging } from "../../staging/survey.ts";
import { knownTenants } from "../known_tenants.ts";
import { type CheckContext, type Finding, ok, warning } from "./finding.ts";

/** Everything in staging is a file that is loaded, and none waits there without an id. */
export async function checkStaging({ layout }: CheckContext): Promise<Finding[]> {
  const { recorded, arriving, problems } = await surveyStaging(layout, {
    isKnownTenant: knownTenants(layout),
  });
  const findings = [...problems, ...await invalidNames(layout)].map(({ path, why }) => {
    const [reason, ...hint] = why.split(". ");
    return warning("staging", `${path} is not loaded: ${reason}`, `${hint.join(". ")}.`);
  });
  for (const { path } of arriving) {
    findings.push(warning(
      "staging",
      `${path} has no id yet`,
      "Wait until it is completely written, and check that manage is running.",
    ));
  }
  return findings.length > 0 ? findings : [ok("staging", formatCount(recorded.length, "file"))];
}
