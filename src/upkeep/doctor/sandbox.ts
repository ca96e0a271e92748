import { ownOsSandbox } from "../../sandbox/os/os_sandbox.ts";
import { failed, type Finding, ok, type Patient, warning } from "./finding.ts";

const INNER = "compartment, Worker, process";

/** Which layers stand around a tenant's module on this machine. */
// deno-lint-ignore require-await -- every look returns a promise
export async function checkSandbox({ config }: Patient): Promise<Finding[]> {
  const layer = ownOsSandbox();
  if (layer.active) return [ok("sandbox", `${INNER}, ${layer.description}`)];
  const what = `${INNER}; no layer of the operating system: ${layer.why}`;
  const hint =
    "Install bubblewrap and allow user namespaces; until then deploy only trusted modules.";
  const isRequired = config.sandbox.require_os_sandbox;
  return [isRequired ? failed("sandbox", what, hint) : warning("sandbox", what, hint)];
}
