import { type Command, Option } from "commander";
import { join } from "node:path";
import { Failure, messageOf } from "../../base/failure.ts";
import type { AuthoredModule } from "../../sdk/author/starter.ts";
import type { VersionsChoice } from "../../sdk/author/versions_proposal.ts";
import { action, type CommandContext, numberFrom, settingsOf, withLimit } from "../command.ts";
import { type Example, withGuide } from "../help/guide.ts";
import { type FetchFlags, withAccount } from "./options.ts";

interface ModuleFlags extends FetchFlags {
  out?: string;
  test: boolean;
  versions?: VersionsChoice;
  limit: number;
  /** Seconds. */
  patience: number;
}

/** Adds `fetch module …`: commands for authors of modules. */
export function registerFetchModule(fetch: Command, context: CommandContext): void {
  const module = fetch.command("module").description("write, test and submit your module");
  withGuide(module, {
    examples: [
      ["mysimbdp fetch module init my-module", "create a starter module"],
      ["mysimbdp fetch module test my-module my-module/samples/readings.csv", "test it"],
      ["mysimbdp fetch module push my-module -u customer-1", "submit it"],
      ["mysimbdp fetch module status -u customer-1", "show its state"],
    ],
  });
  const command = (usage: string, what: string, examples: readonly Example[]) =>
    withGuide(
      module.command(usage).description(what)
        .option("--json", "print JSON, one object per line")
        .option("-v, --verbose", "print more details"),
      { examples },
    );
  command("init DIR", "create a folder with a starter module", [
    ["mysimbdp fetch module init my-module", "includes types for your editor"],
  ]).action(action<ModuleFlags>(context, (flags, dir = "") => init(context, flags, dir)));
  command("infer FILE...", "generate a module for files: format, columns, types, key", [
    ["mysimbdp fetch module infer a.csv", "print the module, and what to check in it"],
    ["mysimbdp fetch module infer a.csv --out my-module", "write a module folder"],
    ["mysimbdp fetch module infer sales_*.csv --out sales", "one module for several samples"],
  ])
    .option("--out <dir>", "write a module folder instead of printing")
    .option("--no-test", "do not run the module on the files")
    .addOption(
      new Option("--versions <choice>", "what a new version of a file does with the earlier rows")
        .choices(["add", "replace"]),
    )
    .action(action<ModuleFlags>(context, async (flags, ...files) => {
      const { infer } = await import("./module_infer.ts");
      return await infer(context, flags, files, (module) => {
        return writeFolder(context, flags, flags.out ?? "", module, files[0] ?? "");
      });
    }));
  withLimit(
    command("test DIR FILE...", "run a module on files in a local sandbox; stores nothing", [
      ["mysimbdp fetch module test my-module a.csv", "print rows and rejects"],
    ]),
  )
    .action(action<ModuleFlags>(context, async (flags, dir = "", ...files) => {
      const { testModule } = await import("../manage/test_command.ts");
      const options = { ...flags, config: settingsOf({}), kind: "author test" as const };
      return await testModule(context.io, options, dir, files);
    }));
  const online = () => import("./module_online.ts");
  withAccount(command("push DIR", "submit a module and wait until it is checked", [
    ["mysimbdp fetch module push my-module -u customer-1", "submit the module in my-module"],
  ]))
    .option("--patience <seconds>", "maximum seconds to wait", numberFrom(0, Infinity), 60)
    .action(action<ModuleFlags>(context, async (flags, dir = "") => {
      return (await online()).push(context, flags, dir);
    }));
  withAccount(command("status", "show the versions of your module and their states", [
    ["mysimbdp fetch module status -u customer-1", "states, and errors of the newest version"],
  ])).action(action<ModuleFlags>(context, async (flags) => {
    return (await online()).status(context, flags);
  }));
  withAccount(command("log", "show recent failures and what your module printed", [
    ["mysimbdp fetch module log -u customer-1", "oldest first"],
  ])).action(action<ModuleFlags>(context, async (flags) => {
    return (await online()).log(context, flags);
  }));
}

async function init(context: CommandContext, flags: ModuleFlags, dir: string): Promise<number> {
  const { STARTER } = await import("../../sdk/author/starter.ts");
  return await writeFolder(context, flags, dir, STARTER, join(dir, "samples/readings.csv"));
}

/** @param sample the file in the printed test command */
async function writeFolder(
  { io }: CommandContext,
  flags: ModuleFlags,
  dir: string,
  module: AuthoredModule,
  sample: string,
): Promise<number> {
  const { moduleFolder } = await import("../../sdk/author/starter.ts");
  const files = Object.entries(moduleFolder(module)).map(([path, text]) => {
    return [join(dir, path), text] as const;
  });
  try {
    await Deno.mkdir(dir, { recursive: true });
    if ((await Array.fromAsync(Deno.readDir(dir))).length > 0) throw notEmpty(dir);
    for (const [path, text] of files) {
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeTextFile(path, text, { createNew: true });
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const text = `Cannot create the folder "${dir}": ${messageOf(error)}`;
    throw new Failure("usage", "bad-module-folder", text, { cause: error });
  }
  const paths = files.map(([path]) => path);
  const lines = paths.map((path) => `wrote ${path}\n`).join("");
  const text = `${lines}next: mysimbdp fetch module test ${dir} ${sample}\n`;
  io.stdout.write(flags.json ? `${JSON.stringify({ dir, files: paths })}\n` : text);
  return 0;
}

function notEmpty(dir: string): Failure {
  const text = `Cannot create a module in "${dir}": the folder is not empty`;
  return new Failure("usage", "folder-not-empty", text, { hint: "Choose a new or empty folder." });
}
