import { type Command, InvalidArgumentError } from "commander";
import { basename, join } from "node:path";
import type { AuthoredModule } from "../../sdk/author/starter.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import type { FetchContext, FetchFlags } from "./options.ts";
import { type Example, withGuide } from "../help/guide.ts";
import { report } from "../terminal/report.ts";

interface ModuleFlags extends FetchFlags {
  out?: string;
  limit: number;
  /** Seconds. */
  patience: number;
}

const EXAMPLES: Record<string, readonly Example[]> = {
  init: [["mysimbdp fetch module init my-module", "a module to begin with, and types for editors"]],
  test: [
    ["mysimbdp fetch module test my-module a.csv", "rows and rejects; nothing is sent or stored"],
  ],
  infer: [
    ["mysimbdp fetch module infer a.csv", "print a module that takes this file"],
    ["mysimbdp fetch module infer a.csv --out my-module", "write its folder"],
  ],
  push: [["mysimbdp fetch module push my-module -u customer-1", "submit it"]],
  status: [["mysimbdp fetch module status -u customer-1", "versions, approval, faults"]],
  log: [["mysimbdp fetch module log -u customer-1", "what went wrong lately"]],
};

/** Adds `fetch module …`: a tenant author's commands. */
export function registerFetchModule(fetch: Command, context: FetchContext): void {
  const module = fetch.command("module").description("write, try and submit your module");
  withGuide(module, {
    examples: [
      ["mysimbdp fetch module init my-module", "a starter"],
      ["mysimbdp fetch module test my-module my-module/samples/readings.csv", "try it"],
      ["mysimbdp fetch module push my-module -u customer-1", "submit it"],
      ["mysimbdp fetch module status -u customer-1", "see what became of it"],
    ],
  });
  const command = (name: string, what: string) =>
    withGuide(
      module.command(name).description(what)
        .option("--json", "machine-readable output on stdout")
        .option("-v, --verbose", "print details, too"),
      { examples: EXAMPLES[name.split(" ")[0] ?? ""] ?? [] },
    );
  const run =
    (work: (flags: ModuleFlags, ...args: string[]) => Promise<number>) =>
    async (...given: unknown[]) => {
      const flags = (given.at(-1) as Command).optsWithGlobals<ModuleFlags>();
      try {
        context.done(await work(flags, ...given.slice(0, -2).flat() as string[]));
      } catch (error) {
        context.done(report(error, context.io, flags));
      }
    };
  command("init DIR", "make a folder with a module to begin with")
    .action(run((flags, dir) => init(context, flags, dir ?? "")));
  command("infer FILE", "propose a module that takes a file: columns, types, a key")
    .option("--out <dir>", "make its folder instead of printing it")
    .action(run((flags, file) => infer(context, flags, file ?? "")));
  command("test DIR FILE...", "run a module on files in the sandbox, here; stores nothing")
    .option("--limit <n>", "rows and rejects to print of each file", wholeNumber, 20)
    .action(run(async (flags, dir, ...files) => {
      const { testModule } = await import("../manage/test_command.ts");
      return await testModule(context.io, flags, dir ?? "", files);
    }));
  const online = (name: string, what: string) =>
    command(name, what)
      .option("-u, --user <user>", "the customer's user name")
      .option("-p, --password <password>", "its password; - reads it from standard input")
      .option("--password-file <file>", "a file whose first line is the password")
      .option("--server <url>", "the platform's address (default: http://127.0.0.1:8080)")
      .option("--ca <file>", "trust the certificates in this PEM file, too");
  const talk = async () => await import("./module_online.ts");
  online("push DIR", "submit a module; waits until it was checked")
    .option("--patience <seconds>", "how long to wait for that", wholeNumber, 60)
    .action(run(async (flags, dir) => (await talk()).push(context, flags, dir ?? "")));
  online("status", "versions of the module: which runs, which wait, faults")
    .action(run(async (flags) => (await talk()).status(context, flags)));
  online("log", "files and records that did not get in, and what the module printed")
    .action(run(async (flags) => (await talk()).log(context, flags)));
}

async function init({ io }: FetchContext, flags: ModuleFlags, dir: string): Promise<number> {
  const { STARTER } = await import("../../sdk/author/starter.ts");
  const written = await writeFolder(dir, STARTER);
  const sample = join(dir, "samples/readings.csv");
  if (flags.json) io.stdout.write(`${JSON.stringify({ dir, files: written })}\n`);
  else {
    for (const path of written) io.stdout.write(`wrote ${path}\n`);
    io.stdout.write(`try it: mysimbdp fetch module test ${dir} ${sample}\n`);
  }
  return 0;
}

async function infer({ io }: FetchContext, flags: ModuleFlags, file: string): Promise<number> {
  const { inferModule } = await import("../../sdk/author/infer.ts");
  const { profile, ...module } = await inferModule(file);
  if (flags.out !== undefined) {
    const written = await writeFolder(flags.out, module);
    if (flags.json) {
      io.stdout.write(`${JSON.stringify({ dir: flags.out, files: written })}\n`);
    } else {
      for (const path of written) io.stdout.write(`wrote ${path}\n`);
      io.stdout.write(`try it: mysimbdp fetch module test ${flags.out} ${file}\n`);
    }
    return 0;
  }
  if (flags.json) {
    const columns = profile.columns.map(({ name, type, isKey }) => ({ name, type, isKey }));
    const { records, faults } = profile;
    const shown = { file: basename(file), records, faults, columns, ingest: module.ingest };
    io.stdout.write(`${JSON.stringify(shown)}\n`);
  } else io.stdout.write(module.ingest);
  return 0;
}

/** Writes a module's folder. What is there already stays, and is no folder for a module then. */
async function writeFolder(dir: string, module: AuthoredModule): Promise<string[]> {
  const { moduleFolder } = await import("../../sdk/author/starter.ts");
  const files = moduleFolder(module);
  const written: string[] = [];
  try {
    await Deno.mkdir(dir, { recursive: true });
    if ((await Array.fromAsync(Deno.readDir(dir))).length > 0) throw notEmpty(dir);
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(dir, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(dir, path), text, { createNew: true });
      written.push(join(dir, path));
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const text = `Cannot make the folder "${dir}": ${messageOf(error)}`;
    throw new Failure("usage", "bad-module-folder", text, { cause: error });
  }
  return written;
}

function notEmpty(dir: string): Failure {
  return new Failure(
    "usage",
    "folder-not-empty",
    `Cannot make a module in "${dir}": it has files`,
    {
      hint: "Name a folder that is empty or not there yet.",
    },
  );
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("It must be a whole number.");
}
