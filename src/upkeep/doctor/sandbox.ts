import { ownLayers } from "../../sandbox/os/own_layers.ts";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";

const INNER = "compartment, Worker, process";

/** The layers of isolation around modules on this machine. */
// deno-lint-ignore require-await -- every check returns a promise
export async function checkSandbox({ config }: CheckContext): Promise<Finding[]> {
  const { description, missing } = ownLayers();
  const layers = [INNER, description].filter((part) => part !== "").join(", ");
  if (missing === null) return [ok("sandbox", layers)];
  const what = `${layers}; no OS sandbox: ${missing}`;
  const hint = "Use Linux 5.13 or newer with Landlock, or install bubblewrap and allow user " +
    "namespaces. Until then deploy only trusted modules.";
  const isRequired = config.sandbox.require_os_sandbox;
  return [isRequired ? failed("sandbox", what, hint) : warning("sandbox", what, hint)];
}
