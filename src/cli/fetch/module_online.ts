import { ApiClient } from "../../fetch/client.ts";
import { ModuleApi } from "../../fetch/module_api.ts";
import { readModuleSource } from "../../modules/source.ts";
import { Failure } from "../../base/failure.ts";
import type { ModuleFaultView, VersionView } from "../../protocol/module_view.ts";
import { EXIT } from "../exit_codes.ts";
import {
  type FetchContext,
  type FetchFlags,
  readCertificates,
  settleFetchOptions,
} from "./options.ts";
import type { CommandIo } from "../terminal/io.ts";
import { versionRow } from "../manage/module_command.ts";
import { findPassword } from "../terminal/password.ts";
import { printTable } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";

const POLL_MS = 500;

/** Submits a folder's module and waits until it was checked. */
export async function push(
  context: FetchContext,
  flags: FetchFlags & { patience: number },
  dir: string,
): Promise<number> {
  const files = await readModuleSource(dir);
  return await talk(context, flags, async (api) => {
    const submitted = await api.submit(files);
    const view = await checked(api, submitted, flags.patience);
    const { io } = context;
    if (flags.json) io.stdout.write(`${JSON.stringify(view)}\n`);
    else if (view.state === "faulty") printFaults(io, view);
    else io.stdout.write(`${view.version}: ${WORDS[view.state]}\n`);
    return view.state === "faulty" || view.state === "rejected" ? EXIT.incomplete : EXIT.done;
  });
}

const WORDS: Record<VersionView["state"], string> = {
  checking: "submitted; the platform is still to check it",
  faulty: "it has faults",
  pending: "it is valid; an operator of the platform has to approve it",
  approved: "it runs from the next file on",
  rejected: "an operator has rejected it",
  "rolled-back": "it was taken back",
};

async function checked(api: ModuleApi, submitted: VersionView, patience: number) {
  const until = performance.now() + patience * 1000;
  let view = submitted;
  while (view.state === "checking" && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const { versions } = await api.module();
    view = versions.find(({ version }) => version === submitted.version) ?? view;
  }
  return view;
}

/** Prints the versions, and the faults of the newest one. */
export function status(context: FetchContext, flags: FetchFlags): Promise<number> {
  return talk(context, flags, async (api) => {
    const { io } = context;
    const view = await api.module();
    if (flags.json) {
      io.stdout.write(`${JSON.stringify(view)}\n`);
      return EXIT.done;
    }
    if (view.versions.length === 0) {
      io.stdout.write("no module yet: mysimbdp fetch module push DIR\n");
      return EXIT.done;
    }
    const header = ["version", "state", "submitted", "decided", "by", "note"];
    printTable(io.stdout, header, view.versions.map(versionRow(view.current)));
    if (view.versions[0]?.state === "faulty") printFaults(io, view.versions[0]);
    return EXIT.done;
  });
}

/** Prints what the author should know, oldest first, so that the newest stands last. */
export function log(context: FetchContext, flags: FetchFlags): Promise<number> {
  return talk(context, flags, async (api) => {
    const { stdout } = context.io;
    for (const entry of (await api.log()).reverse()) {
      if (flags.json) stdout.write(`${JSON.stringify(entry)}\n`);
      else {
        const about = entry.file ?? entry.version ?? "";
        const kind = entry.kind === "console" ? "console: " : "";
        const line = `${
          entry.at.slice(0, 19).replace("T", " ")
        }  ${about}  ${kind}${entry.message}`;
        stdout.write(`${printable(line)}\n`);
      }
    }
    return EXIT.done;
  });
}

function printFaults({ stdout }: CommandIo, { version, faults }: VersionView): void {
  stdout.write(`${version} cannot be used:\n`);
  for (const fault of faults) stdout.write(`${printable(faultLine(fault))}\n`);
}

function faultLine({ file, line, column, message }: ModuleFaultView): string {
  return `${file}:${line}:${column}: ${message.replaceAll("\n", " ")}`;
}

/** Logs in as `fetch` does, from the same flags and variables, and lets go at Ctrl-C. */
async function talk(
  { io, config }: FetchContext,
  flags: FetchFlags,
  work: (api: ModuleApi) => Promise<number>,
): Promise<number> {
  const options = settleFetchOptions(flags, io.env, await config?.(flags.config));
  const password = await findPassword(options.password, options.user, io);
  const ca = options.ca === undefined ? undefined : await readCertificates(options.ca);
  using client = new ApiClient({ server: options.server, user: options.user, password, ca });
  const stop = new AbortController();
  const interrupted = () => new Failure("refused", "interrupted", "Cannot finish: interrupted");
  const stopListening = io.onStop(() => stop.abort(interrupted()));
  try {
    return await work(new ModuleApi(client, stop.signal));
  } finally {
    stopListening();
  }
}
