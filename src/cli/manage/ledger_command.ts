import { type Command, Option } from "commander";
import { closing } from "../../base/closing.ts";
import { Layout } from "../../data/layout.ts";
import { cancelFile } from "../../manage/cancel.ts";
import { replayFile } from "../../manage/replay.ts";
import { FILE_STATES, type FileState } from "../../protocol/file_view.ts";
import { replayMeaning } from "../../protocol/replay.ts";
import { versionText } from "../../protocol/file_versions.ts";
import { ModuleStore } from "../../modules/store.ts";
import type { FileRecord } from "../../storage/contract.ts";
import { fileNotFound } from "../../storage/failures.ts";
import { type FileVersions, fileVersions, ONLY_VERSION } from "../../storage/file_versions.ts";
import { lockStorage, openLedgerOf, openStorage } from "../../storage/open.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  numberFrom,
  printEntries,
  printResult,
  withStorage,
} from "../command.ts";
import { formatBytes } from "../terminal/text.ts";
import { tenantNamed } from "./accounts.ts";
import { audit } from "./audit_command.ts";

interface LedgerFlags extends CommonFlags {
  tenant?: string;
  state?: FileState;
  storage?: string;
  limit: number;
}

interface ReplayFlags extends CommonFlags {
  storage?: string;
  now?: boolean;
  keepOrder?: boolean;
}

const REJECTS_PAGE = 1_000;
/** How long `cancel` waits for the end of a load, besides the time in which a dead owner is noticed. */
const MORE_PATIENCE_MS = 30_000;

/** Adds `manage files` with `cancel`, `manage rejects` and `manage replay`. */
export function registerLedger(manage: Command, context: CommandContext): void {
  const files = withStorage(
    addCommand(manage, "files", "show the files in the ledger, newest first", [
      ["mysimbdp manage files", "show the newest 100"],
      ["mysimbdp manage files --tenant customer-1 --state quarantined", "show what failed"],
      ["mysimbdp manage files --json --limit 1000", "print JSON, one file per line"],
    ]),
  )
    .option("--tenant <name>", "show only files of this tenant")
    .addOption(new Option("--state <state>", "show only files in this state").choices(FILE_STATES))
    .option("--limit <n>", "maximum number of files to show", numberFrom(1, Infinity), 100)
    .action(action<LedgerFlags>(context, (flags) => listFiles(context, flags)));
  withStorage(
    addCommand(files, "cancel FILE-ID", "end a file that is waiting or being loaded", [
      [
        "mysimbdp manage files cancel 01m85y00ganbv9ywtdr0sns4a8",
        "move it to quarantine; replay loads it again",
      ],
    ]),
  ).action(action<CommonFlags & { storage?: string }>(context, (flags, id) => {
    return cancel(context, flags, id ?? "");
  }));
  withStorage(
    addCommand(manage, "rejects FILE-ID", "show the records of a file that were rejected", [
      ["mysimbdp manage rejects 01m85y00ganbv9ywtdr0sns4a8", "line, column, reason and raw text"],
      [
        "mysimbdp manage rejects 01m85y00ganbv9ywtdr0sns4a8 --json",
        "print JSON, one record per line",
      ],
    ]),
  ).action(action<LedgerFlags>(context, (flags, id) => listRejects(context, flags, id ?? "")));
  withStorage(
    addCommand(manage, "replay FILE-ID", "load a file again from the archive or the quarantine", [
      ["mysimbdp manage replay 01m85y00ganbv9ywtdr0sns4a8", "use the tenant's current module"],
      [
        "mysimbdp manage replay 01m85y00ganbv9ywtdr0sns4a8 --keep-order",
        "rows of files that arrived later win",
      ],
    ]),
  )
    .addOption(
      new Option(
        "--now",
        "rows win over all earlier changes (default if the file was loaded before)",
      ).conflicts("keepOrder"),
    )
    .option(
      "--keep-order",
      "Cassandra: later files and changes win (default if it was never loaded)",
    )
    .action(action<ReplayFlags>(context, (flags, id) => replay(context, flags, id ?? "")));
}

/** A file of the ledger with its relations to the other versions of its name, for `--json` too. */
type ShownFile = FileRecord & FileVersions & { versionText: string | null };

async function listFiles({ io }: CommandContext, flags: LedgerFlags): Promise<number> {
  const { tenant, state, limit } = flags;
  const config = configOf(flags, { "storage.url": flags.storage });
  await using ledger = closing(openLedgerOf(config));
  const files = await ledger.list({ ...(tenant && { tenant }), ...(state && { state }), limit });
  // Files of a tenant whose account was removed are shown, too; a misspelled name is refused.
  if (files.length === 0 && tenant) tenantNamed(new Layout(configOf(flags).data), tenant);
  if (files.length === 0 && !flags.json) {
    io.stdout.write("no files\n");
    return 0;
  }
  const modules = new ModuleStore(new Layout(config.data).moduleRoot);
  const versions = await fileVersions(ledger, files, (of, version) => {
    return modules.versionsRule(of, version);
  });
  const shown = files.map((file): ShownFile => {
    const related = { ...file, ...(versions.get(file.id) ?? ONLY_VERSION) };
    return { ...related, versionText: versionText(related) };
  });
  return printEntries(io, flags, shown, HEADER, row, {
    whole: ["id"],
    below: "note",
    spare: ["skipped", "replaced", "read", "seconds", "size", "tenant"],
  });
}

const HEADER = [
  ...["id", "tenant", "file", "size", "state"],
  ...["read", "stored", "replaced", "rejected", "skipped", "seconds", "note"],
];

function row(file: ShownFile): string[] {
  const { read, stored, replaced, rejected, skipped } = file.rows;
  return [
    file.id,
    file.tenant,
    file.version === 1 ? file.name : `${file.name} (version ${file.version})`,
    formatBytes(file.size),
    file.state,
    ...[read, stored, replaced, rejected, skipped].map(String),
    file.seconds === null ? "-" : file.seconds.toFixed(2),
    [file.reason?.message, file.versionText].filter(Boolean).join("; "),
  ];
}

async function listRejects(
  { io }: CommandContext,
  flags: LedgerFlags,
  id: string,
): Promise<number> {
  await using ledger = ledgerOf(flags);
  if (!await ledger.get(id)) throw fileNotFound(id);
  for (let seen = 0;;) {
    const rejects = await ledger.rejects(id, seen, REJECTS_PAGE);
    const header = seen === 0 ? ["line", "column", "reason", "raw"] : ["", "", "", ""];
    if (rejects.length > 0) {
      printEntries(io, flags, rejects, header, (r) => {
        return [String(r.line), String(r.column ?? ""), r.reason, r.raw];
      });
    } else if (seen === 0 && !flags.json) io.stdout.write("no rejects\n");
    seen += rejects.length;
    if (rejects.length < REJECTS_PAGE) return 0;
  }
}

function ledgerOf(flags: LedgerFlags) {
  return closing(openLedgerOf(configOf(flags, { "storage.url": flags.storage })));
}

async function replay(context: CommandContext, flags: ReplayFlags, id: string): Promise<number> {
  const config = configOf(flags, { "storage.url": flags.storage });
  await using storage = closing(openStorage(config));
  const record = await storage.ledger.get(id);
  if (!record) throw fileNotFound(id);
  const layout = new Layout(config.data);
  const chosen = flags.now ? "now" : flags.keepOrder ? "arrival" : null;
  const modules = new ModuleStore(layout.moduleRoot);
  const request = chosen === null ? {} : { order: chosen } as const;
  const { order } = await replayFile(record, request, { layout, storage, modules });
  const { tenant, name, state } = record;
  await audit(context, flags, "file.replay", id, { tenant, name, state, order });
  const loaded = replayMeaning(order);
  const answer = { id, state: "queued", order, loaded };
  return printResult(context, flags, answer, `queued ${name} of ${tenant}, ${loaded}`);
}

async function cancel(
  context: CommandContext,
  flags: CommonFlags & { storage?: string },
  id: string,
): Promise<number> {
  const config = configOf(flags, { "storage.url": flags.storage });
  await using storage = closing(openStorage(config));
  const { tenant, name, state, reason } = await cancelFile(id, {
    ...{ layout: new Layout(config.data), storage, lock: () => lockStorage(config) },
    patienceMs: config.storage.lease_seconds * 1000 + MORE_PATIENCE_MS,
  });
  await audit(context, flags, "file.cancel", id, { tenant, name });
  const text = `cancelled ${name} of ${tenant}: ${reason?.message ?? ""}`;
  return printResult(context, flags, { id, tenant, name, state, reason }, text);
}
