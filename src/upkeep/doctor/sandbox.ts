import { ownOsSandbox } from "../../sandbox/os/os_sandbox.ts";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";

const INNER = "compartment, Worker, process";

/** The layers of isolation around modules on this machine. */
// deno-lint-ignore require-await -- every check returns a promise
export async function checkSandbox({ config }: CheckContext): Promise<Finding[]> {
  const layer = ownOsSandbox();
  if (layer.active) return [ok("sandbox", `${INNER}, ${layer.description}`)];
  const what = `${INNER}; no OS sandbox: ${layer.why}`;
  const hint =
    "Install bubblewrap and allow user namespaces. Until then deploy only trusted modules.";
  const isRequired = config.sandbox.require_os_sandbox;
  return [isRequired ? failed("sandbox", what, hint) : warning("sandbox", what, hint)];
}
