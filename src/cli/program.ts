import type { Command } from "commander";
import { VERSION } from "../base/version.ts";
import { type CommandContext, exitCodeOfParsing } from "./command.ts";
import { withGuide } from "./help/guide.ts";
import { processIo } from "./terminal/io.ts";
import { ProgramCommand } from "./program_command.ts";
import { report } from "./terminal/report.ts";

/** The commands, each loaded only when it is asked for: a program that starts fast. */
const COMMANDS: Record<string, (program: Command, context: CommandContext) => Promise<unknown>> = {
  fetch: async (program, context) =>
    (await import("./fetch/fetch_command.ts")).registerFetch(program, {
      ...context,
      config: fetchConfig,
    }),
  serve: async (program, context) =>
    (await import("./serve/serve_command.ts")).registerServe(program, context),
  manage: async (program, context) =>
    (await import("./manage/manage_command.ts")).registerManage(program, context),
  completions: async (program, context) =>
    (await import("./help/completions_command.ts")).registerCompletions(program, context),
  man: async (program, context) =>
    (await import("./help/man_command.ts")).registerMan(program, context),
};

/** These describe the whole program, so they need all of it. */
const DESCRIBING = ["completions", "man"];

/** A customer's machine needs no configuration file; one that is named says where the server is. */
async function fetchConfig(path: string | undefined): Promise<{ server?: string }> {
  const configPath = path ?? Deno.env.get("MYSIMBDP_CONFIG");
  if (!configPath) return {};
  const { loadConfig } = await import("../config/load.ts");
  return { server: loadConfig({ configPath }).server.url };
}

/**
 * Runs one command line.
 *
 * @param args without the program's own name
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
      return report(error, io, {
        json: args.includes("--json"),
        verbose: args.includes("-v"),
      });
    }
  }
}

/** @param first the first word: only what it needs is loaded */
async function describeProgram(
  first: string | undefined,
  context: CommandContext,
): Promise<Command> {
  const { stdout, stderr } = context.io;
  const program = new ProgramCommand("mysimbdp")
    .description("take in files from many customers and load each with that customer's own code")
    .version(`mysimbdp ${VERSION}`, "--version", "show the version")
    .helpOption("-h, --help", "show help")
    .configureOutput({ writeOut: stdout.write, writeErr: stderr.write })
    .exitOverride();
  withGuide(program, {
    examples: [
      ["mysimbdp fetch -u customer-1", "check and send the files in client-input-dir"],
      ["mysimbdp manage init", "make a data directory, ./mysimbdp-data"],
      ["mysimbdp serve", "receive files"],
      ["mysimbdp manage", "load what was received"],
    ],
  });
  const asked = DESCRIBING.includes(first ?? "") ? undefined : COMMANDS[first ?? ""];
  const wanted = asked ? [asked] : first === "--version" ? [] : Object.values(COMMANDS);
  for (const register of wanted) await register(program, context);
  return program;
}
