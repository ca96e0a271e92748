import type { Command } from "commander";
import { releaseSignals } from "../base/signals.ts";
import { VERSION } from "../base/version.ts";
import { type CommandContext, exitCodeOfParsing } from "./command.ts";
import { withGuide } from "./help/guide.ts";
import { processIo } from "./terminal/io.ts";
import { ProgramCommand } from "./program_command.ts";
import { report } from "./terminal/report.ts";

/** The commands. Each is loaded when it is called, so that the program starts fast. */
const COMMANDS: Record<string, (program: Command, context: CommandContext) => Promise<unknown>> = {
  fetch: async (program, context) =>
    (await import("./fetch/fetch_command.ts")).registerFetch(program, context),
  serve: async (program, context) =>
    (await import("./serve/serve_command.ts")).registerServe(program, context),
  manage: async (program, context) =>
    (await import("./manage/manage_command.ts")).registerManage(program, context),
  completions: async (program, context) =>
    (await import("./help/completions_command.ts")).registerCompletions(program, context),
  man: async (program, context) =>
    (await import("./help/man_command.ts")).registerMan(program, context),
};

/** Commands that run until they are stopped, and reload at SIGHUP. */
const SERVICES = ["serve", "run"];

/** Commands that need all others because they describe the program. */
const DESCRIBING = ["completions", "man"];

/**
 * Runs one command line.
 *
 * @param args without the program's name
 * @returns the exit code
 */
export async function runCommandLine(args: string[]): Promise<number> {
  const io = processIo();
  let exitCode = 0;
  const context = { io, done: (code: number) => void (exitCode = code) };
  try {
    const program = await describeProgram(args[0], context);
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    try {
      return exitCodeOfParsing(error);
    } catch (error) {
      return report(error, io, { json: args.includes("--json"), verbose: args.includes("-v") });
    }
  }
}

/** @param first the first argument; only its command is loaded */
async function describeProgram(
  first: string | undefined,
  context: CommandContext,
): Promise<Command> {
  const { stdout, stderr } = context.io;
  const program = new ProgramCommand("mysimbdp")
    .description("receive files from many customers and load each with the customer's own code")
    .version(`mysimbdp ${VERSION}`, "--version", "display the version")
    .helpOption("-h, --help", "display help")
    .configureOutput({ writeOut: stdout.write, writeErr: stderr.write })
    .exitOverride()
    .hook("preAction", (_, command) => {
      if (!SERVICES.includes(command.name())) releaseSignals();
    });
  withGuide(program, {
    examples: [
      ["mysimbdp fetch -u customer-1", "send the files in client-input-dir"],
      ["mysimbdp manage init", "create a data directory"],
      ["mysimbdp serve", "receive files"],
      ["mysimbdp manage", "load the received files"],
    ],
  });
  const called = DESCRIBING.includes(first ?? "") ? undefined : COMMANDS[first ?? ""];
  const wanted = called ? [called] : first === "--version" ? [] : Object.values(COMMANDS);
  for (const register of wanted) await register(program, context);
  return program;
}
