import { type Command, Option } from "commander";
import { FILE_STATES, type FileState } from "../../protocol/file_view.ts";
import { Failure } from "../../base/failure.ts";
import { replayFile } from "../../manage/replay.ts";
import { Layout } from "../../data/layout.ts";
import type { FileRecord } from "../../storage/contract.ts";
import { openLedgerOf, openStorage } from "../../storage/open.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  usage,
  withCommonFlags,
} from "../command.ts";
import { withGuide } from "../help/guide.ts";
import { writeDown } from "./audit_command.ts";
import { printTable } from "../terminal/table.ts";
import { formatBytes } from "../terminal/text.ts";

interface LedgerFlags extends CommonFlags {
  tenant?: string;
  state?: string;
  storage?: string;
  limit: string;
}

const REJECTS_PAGE = 1_000;

/** Adds `manage files`, `manage rejects` and `manage replay`. */
export function registerLedger(manage: Command, context: CommandContext): void {
  const files = withCommonFlags(manage.command("files"))
    .description("the files in the ledger, newest first")
    .option("--tenant <name>", "only this tenant's")
    .addOption(new Option("--state <state>", "only in this state").choices(FILE_STATES))
    .option("--limit <n>", "at most so many", "100")
    .option("--storage <url>", "where the ledger is (default: sqlite:)")
    .action(action<LedgerFlags>(context, (flags) => listFiles(context, flags)));
  withGuide(files, {
    examples: [
      ["mysimbdp manage files", "the newest 100"],
      ["mysimbdp manage files --tenant customer-1 --state quarantined", "what did not get in"],
      ["mysimbdp manage files --json --limit 1000", "for other programs"],
    ],
  });
  const rejects = withCommonFlags(manage.command("rejects FILE-ID"))
    .description("the records of a file that were rejected, with line, column and reason")
    .option("--storage <url>", "where the ledger is (default: sqlite:)")
    .action(action<LedgerFlags>(context, (flags, id) => listRejects(context, flags, id ?? "")));
  withGuide(rejects, {
    examples: [
      ["mysimbdp manage rejects 01m85y00ganbv9ywtdr0sns4a8", "ids are in: manage files"],
      ["mysimbdp manage rejects 01m85y00ganbv9ywtdr0sns4a8 --json", "for other programs"],
    ],
  });
  const again = withCommonFlags(manage.command("replay FILE-ID"))
    .description("load a file again, from the archive or from quarantine")
    .option("--storage <url>", "where rows are stored (default: sqlite:)")
    .action(action<LedgerFlags>(context, (flags, id) => replay(context, flags, id ?? "")));
  withGuide(again, {
    examples: [["mysimbdp manage replay 01m85y00ganbv9ywtdr0sns4a8", "with the current module"]],
  });
}

async function listFiles({ io }: CommandContext, flags: LedgerFlags): Promise<number> {
  const state = FILE_STATES.find((known) => known === flags.state);
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1) throw usage(`Cannot list "${flags.limit}" files`);
  const ledger = openLedgerOf(configOf(flags, { "storage.url": flags.storage }));
  try {
    const files = await ledger.list(query(flags.tenant, state, limit));
    if (flags.json) { for (const file of files) io.stdout.write(`${JSON.stringify(file)}\n`); }
    else if (files.length === 0) io.stdout.write("no files\n");
    else {
      printTable(io.stdout, HEADER, files.map(line), {
        whole: ["id"],
        spare: ["skipped", "read", "seconds", "size", "tenant"],
      });
    }
    return 0;
  } finally {
    await ledger.close();
  }
}

function query(tenant: string | undefined, state: FileState | undefined, limit: number) {
  return { ...(tenant !== undefined && { tenant }), ...(state && { state }), limit };
}

const HEADER = [
  "id",
  "tenant",
  "file",
  "size",
  "state",
  "read",
  "stored",
  "rejected",
  "skipped",
  "seconds",
  "reason",
];

function line(file: FileRecord): string[] {
  const { read, stored, rejected, skipped } = file.rows;
  return [
    file.id,
    file.tenant,
    file.version === 1 ? file.name : `${file.name} (version ${file.version})`,
    formatBytes(file.size),
    file.state,
    ...[read, stored, rejected, skipped].map(String),
    file.seconds === null ? "-" : file.seconds.toFixed(2),
    file.reason?.message ?? "",
  ];
}

async function listRejects(
  { io }: CommandContext,
  flags: LedgerFlags,
  id: string,
): Promise<number> {
  const ledger = openLedgerOf(configOf(flags, { "storage.url": flags.storage }));
  try {
    if (!await ledger.get(id)) throw noSuchFile(id);
    for (let seen = 0;;) {
      const rejects = await ledger.rejects(id, seen, REJECTS_PAGE);
      if (flags.json) {
        for (const reject of rejects) io.stdout.write(`${JSON.stringify(reject)}\n`);
      } else if (rejects.length > 0) {
        const rows = rejects.map((r) => [String(r.line), String(r.column ?? ""), r.reason, r.raw]);
        printTable(
          io.stdout,
          seen === 0 ? ["line", "column", "reason", "raw"] : ["", "", "", ""],
          rows,
        );
      } else if (seen === 0) io.stdout.write("no rejects\n");
      seen += rejects.length;
      if (rejects.length < REJECTS_PAGE) return 0;
    }
  } finally {
    await ledger.close();
  }
}

async function replay(
  context: CommandContext,
  flags: LedgerFlags,
  id: string,
): Promise<number> {
  const { io } = context;
  const config = configOf(flags, { "storage.url": flags.storage });
  const storage = openStorage(config);
  try {
    const record = await storage.ledger.get(id);
    if (!record) throw noSuchFile(id);
    const layout = new Layout(config.data);
    await replayFile(record, layout, storage);
    const { tenant, name, state } = record;
    const details = { tenant, name, state };
    await writeDown(context, layout, { action: "file.replay", subject: id, details });
    if (flags.json) io.stdout.write(`${JSON.stringify({ id, state: "queued" })}\n`);
    else io.stdout.write(`${record.name} of ${record.tenant} is queued again\n`);
    return 0;
  } finally {
    await storage.close();
  }
}

function noSuchFile(id: string): Failure {
  return new Failure(
    "usage",
    "file-not-found",
    `Cannot find the file "${id}": it is not in the ledger`,
    {
      hint: "mysimbdp manage files lists all.",
    },
  );
}
