import { Command } from "commander";
import { registerFetch } from "../../src/cli/fetch/fetch_command.ts";
import { processIo } from "../../src/cli/terminal/io.ts";

// Only the fetch command, as a process that tests can kill.
const program = new Command("mysimbdp");
registerFetch(program, { io: processIo(), done: (code) => Deno.exit(code) });
await program.parseAsync(Deno.args, { from: "user" });
