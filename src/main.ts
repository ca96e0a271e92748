import { holdSignals } from "./base/signals.ts";
import { LAYERS_ARGUMENT } from "./sandbox/kernel/layers_argument.ts";
import { SANDBOX_ARGUMENT } from "./sandbox/wire/sandbox_argument.ts";

if (Deno.args[0] === SANDBOX_ARGUMENT) {
  const { runChild } = await import("./sandbox/child/child.ts");
  await runChild();
} else if (Deno.args[0] === LAYERS_ARGUMENT) {
  const { printLayers } = await import("./sandbox/child/print_layers.ts");
  printLayers();
  Deno.exit(0);
} else {
  // Before the program is loaded; other commands than the services release them.
  if (["serve", "manage"].includes(Deno.args[0] ?? "")) holdSignals();
  const { runCommandLine } = await import("./cli/program.ts");
  Deno.exit(await runCommandLine(Deno.args));
}
