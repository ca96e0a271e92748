import { SANDBOX_ARGUMENT } from "./sandbox/wire/sandbox_argument.ts";

if (Deno.args[0] === SANDBOX_ARGUMENT) {
  const { runChild } = await import("./sandbox/child/child.ts");
  await runChild();
} else {
  const { runCommandLine } = await import("./cli/program.ts");
  Deno.exit(await runCommandLine(Deno.args));
}
