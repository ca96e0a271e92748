import { readModuleSource } from "../../modules/source.ts";
import type { ModuleView, VersionView } from "../../protocol/module_view.ts";
import { EXIT } from "../exit_codes.ts";
import type { CommandContext } from "../command.ts";
import { type FetchFlags, withClient } from "./options.ts";
import type { CommandIo } from "../terminal/io.ts";
import { VERSION_HEADER, versionRow } from "../manage/module_command.ts";
import { printTable } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";

const POLL_MS = 500;
/** A check usually takes less. */
const QUIET_MS = 3_000;

/** Submits a folder's module and waits until it is checked. */
export async function push(
  context: CommandContext,
  flags: FetchFlags & { patience: number },
  dir: string,
): Promise<number> {
  const files = await readModuleSource(dir);
  return await withClient(context, flags, async (client, signal) => {
    const submitted = await client.submitModule(files, signal);
    const { io } = context;
    const onWait = () => {
      if (!flags.json) io.stderr.write(`mysimbdp: waiting until manage has checked the module\n`);
    };
    const module = () => client.module(signal);
    const view = await checked(submitted, flags.patience, module, onWait);
    if (flags.json) io.stdout.write(`${JSON.stringify(view)}\n`);
    else if (view.state === "faulty") printFaults(io, view);
    else io.stdout.write(`${view.version}: ${WORDS[view.state]}\n`);
    return view.state === "faulty" || view.state === "rejected" ? EXIT.incomplete : EXIT.done;
  });
}

const WORDS: Record<VersionView["state"], string> = {
  checking: "submitted; manage has not checked it yet, see fetch module status",
  faulty: "has errors",
  pending: "valid; waiting for approval by an operator",
  approved: "approved; runs from the next file on",
  rejected: "rejected by an operator",
  "rolled-back": "rolled back",
};

async function checked(
  submitted: VersionView,
  patience: number,
  module: () => Promise<ModuleView>,
  onWait: () => void,
): Promise<VersionView> {
  const startedAt = performance.now();
  const until = startedAt + patience * 1000;
  let view = submitted;
  let told = false;
  while (view.state === "checking" && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (!told && performance.now() - startedAt >= QUIET_MS) {
      told = true;
      onWait();
    }
    const { versions } = await module();
    view = versions.find(({ version }) => version === submitted.version) ?? view;
  }
  return view;
}

/** Prints the versions, and the errors of the newest one. */
export function status(context: CommandContext, flags: FetchFlags): Promise<number> {
  return withClient(context, flags, async (client, signal) => {
    const { io } = context;
    const view = await client.module(signal);
    if (flags.json) {
      io.stdout.write(`${JSON.stringify(view)}\n`);
      return EXIT.done;
    }
    if (view.versions.length === 0) {
      io.stdout.write("no module yet; run mysimbdp fetch module push DIR to submit one\n");
      return EXIT.done;
    }
    printTable(io.stdout, VERSION_HEADER, view.versions.map(versionRow(view.current)));
    if (view.versions[0]?.state === "faulty") printFaults(io, view.versions[0]);
    return EXIT.done;
  });
}

/** Prints the log, newest last. */
export function log(context: CommandContext, flags: FetchFlags): Promise<number> {
  return withClient(context, flags, async (client, signal) => {
    const { stdout } = context.io;
    for (const entry of (await client.moduleLog(signal)).reverse()) {
      if (flags.json) stdout.write(`${JSON.stringify(entry)}\n`);
      else {
        const about = entry.file ?? entry.version ?? "";
        const kind = entry.kind === "console" ? "console: " : "";
        const at = entry.at.slice(0, 19).replace("T", " ");
        stdout.write(`${printable(`${at}  ${about}  ${kind}${entry.message}`)}\n`);
      }
    }
    return EXIT.done;
  });
}

function printFaults({ stdout }: CommandIo, { version, faults }: VersionView): void {
  stdout.write(`${version} has errors:\n`);
  for (const { file, line, column, message } of faults) {
    const text = `${file}:${line}:${column}: ${message.replaceAll("\n", " ")}`;
    stdout.write(`${printable(text)}\n`);
  }
}
