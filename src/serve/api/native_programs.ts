import { checkTenantJson } from "../../config/tenant_json.ts";
import type { Layout } from "../../data/layout.ts";
import { Failure } from "../../base/failure.ts";
import type { ModuleFiles } from "../../protocol/module_view.ts";
import { whyNoBubblewrap } from "../../sandbox/os/os_sandbox.ts";
import { readManageState } from "../../telemetry/manage_state.ts";

/**
 * Refuses a native program that cannot run here, before it is stored. `manage` runs it, so its sandbox
 * counts: the one of `serve` has other limits. While `manage` does not run, only what is the same for
 * both is known.
 *
 * @param now milliseconds since the epoch
 * @throws {Failure} `no-os-sandbox`
 */
export async function requireNativePrograms(
  files: ModuleFiles,
  layout: Layout,
  now: number,
): Promise<void> {
  const { entry } = checkTenantJson(files["tenant.json"] ?? "{}");
  if (entry === null || typeof entry === "string") return;
  const manage = await readManageState(layout.root, now);
  const why = manage === null ? whyNoBubblewrap() : manage.noNativePrograms;
  if (why === null) return;
  const text = `Cannot accept the module: native programs need bubblewrap: ${why}`;
  throw new Failure("refused", "no-os-sandbox", text, {
    hint: "Compile the program to WebAssembly, or ask the operator to install bubblewrap, allow " +
      "user namespaces and restart manage.",
  });
}
