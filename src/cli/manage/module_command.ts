import type { Command } from "commander";
import { approveModule } from "../../modules/build/deploy.ts";
import { pendingVersions, rejectVersion, rollBack } from "../../modules/review.ts";
import { diffModules } from "../../modules/diff.ts";
import { ModuleLog } from "../../modules/module_log.ts";
import { ModuleStore } from "../../modules/store.ts";
import { Failure } from "../../base/failure.ts";
import { checkTenantName } from "../../base/tenant_name.ts";
import { Layout } from "../../data/layout.ts";
import { openStorage } from "../../storage/open.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { confirmed } from "../terminal/confirm.ts";
import { type Example, withGuide } from "../help/guide.ts";
import type { CommandIo } from "../terminal/io.ts";
import { operatorName, writeDown } from "./audit_command.ts";
import { printTable } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";

interface ModuleFlags extends CommonFlags {
  storage?: string;
  note?: string;
}

/** What a command on a tenant's module works with. */
interface Desk {
  context: CommandContext;
  flags: ModuleFlags;
  tenant: string;
  store: ModuleStore;
}

const EXAMPLES: Record<string, readonly Example[]> = {
  versions: [["mysimbdp manage tenant versions customer-1", "newest first"]],
  diff: [
    ["mysimbdp manage tenant diff customer-1", "the newest that waits, against the one that runs"],
    ["mysimbdp manage tenant diff customer-1 v3-1f0c9a2b", "this one"],
  ],
  approve: [
    ["mysimbdp manage tenant approve customer-1", "the newest that waits; asks, on a terminal"],
    ["mysimbdp manage tenant approve customer-1 v3-1f0c9a2b", "the one that you have read"],
  ],
  reject: [[
    'mysimbdp manage tenant reject customer-1 --note "it reads no dates"',
    "the newest that waits",
  ]],
  rollback: [
    ["mysimbdp manage tenant rollback customer-1", "to the version before"],
    ["mysimbdp manage tenant rollback customer-1 v2-5c7481f8", "to this one"],
  ],
};

/** Adds `manage tenant versions|diff|approve|reject|rollback`: what customers submitted. */
export function registerTenantModule(tenant: Command, context: CommandContext): void {
  const command = (name: string, what: string) => {
    const examples = EXAMPLES[name.split(" ")[0] ?? ""] ?? [];
    return withGuide(withCommonFlags(tenant.command(name)).description(what), { examples });
  };
  const on = (run: (desk: Desk, version: string | null) => Promise<number>) =>
    action<ModuleFlags>(context, (flags, name, version) => {
      const store = new ModuleStore(new Layout(configOf(flags).data).moduleRoot);
      const desk = { context, flags, tenant: checkTenantName(name ?? ""), store };
      return run(desk, version ?? null);
    });
  command("versions NAME", "all versions of a tenant's module, with their states")
    .action(on(listVersions));
  command("diff NAME [VERSION]", "how a version differs from the one that runs")
    .action(on(async (desk, version) => {
      const shown = version ?? await newestPending(desk) ?? await currentOf(desk);
      return say(desk, { version: shown }, await diffOf(desk, shown));
    }));
  command("approve NAME [VERSION]", "let a version run from the next file on; shows the diff")
    .option("--note <text>", "what its author should know")
    .option("--storage <url>", "where rows are stored (default: sqlite:)")
    .action(on(approve));
  command("reject NAME [VERSION]", "refuse a version that waits")
    .option("--note <text>", "why, for its author")
    .action(on(reject));
  command("rollback NAME [VERSION]", "take the current version back; the one before runs again")
    .option("--note <text>", "why, for its author")
    .action(on(rollback));
}

async function listVersions(desk: Desk): Promise<number> {
  const { store, tenant, flags, context: { io } } = desk;
  const current = await store.currentVersion(tenant);
  const records = (await store.records(tenant)).reverse();
  if (flags.json) {
    for (const record of records) {
      const line = { ...record, current: record.version === current };
      io.stdout.write(`${JSON.stringify(line)}\n`);
    }
    return 0;
  }
  const header = ["version", "state", "submitted", "decided", "by", "note"];
  printTable(io.stdout, header, records.map(versionRow(current)));
  return 0;
}

/** A version as a row of a table; the current one says so. */
export function versionRow(current: string | null) {
  return (record: {
    version: string;
    state: string;
    submittedAt: string;
    decidedAt: string | null;
    decidedBy: string | null;
    note: string | null;
  }): string[] => [
    record.version,
    record.version === current ? `${record.state}, current` : record.state,
    minutes(record.submittedAt),
    record.decidedAt === null ? "-" : minutes(record.decidedAt),
    record.decidedBy ?? "-",
    record.note ?? "",
  ];
}

function minutes(isoTime: string): string {
  return isoTime.slice(0, 16).replace("T", " ");
}

async function approve(desk: Desk, asked: string | null): Promise<number> {
  const { store, tenant, flags, context: { io } } = desk;
  const version = asked ?? await newestPending(desk);
  if (version === null) throw nothingPending(tenant);
  if (!flags.json && !flags.quiet) writeLines(io, await diffOf(desk, version));
  const record = await store.record(tenant, version);
  if (record.state === "faulty") throw notYet(tenant, version, "it has faults");
  if (record.state === "checking") throw notYet(tenant, version, "manage is still to check it");
  const module = await store.built(tenant, version);
  // A newer one may have come since its operator last looked: only what was just shown is meant.
  if (
    asked === null && !flags.json && !flags.quiet && !await confirmed(io, `Approve ${version}?`)
  ) {
    return say(desk, { tenant, version, state: record.state }, "nothing was approved");
  }
  const storage = openStorage(configOf(flags, { "storage.url": flags.storage }));
  const log = new ModuleLog(store);
  const decision = { by: operatorName(io), note: flags.note ?? null, now: Date.now() };
  try {
    // The running manage tells of what it does itself; here the command's own line does.
    const parts = { store, storage, log, emit: () => {} };
    await approveModule(parts, tenant, version, module, decision);
    await audit(desk, "module.approve", { version });
  } finally {
    await storage.close();
  }
  return say(
    desk,
    { tenant, version, state: "approved" },
    `approved ${version} of ${tenant}: it runs from the next file on`,
  );
}

async function reject(desk: Desk, asked: string | null): Promise<number> {
  const { store, tenant, flags, context: { io } } = desk;
  const version = asked ?? await newestPending(desk);
  if (version === null) throw nothingPending(tenant);
  const by = operatorName(io);
  const note = flags.note ?? null;
  await rejectVersion(store, tenant, version, { by, note, now: Date.now() });
  await audit(desk, "module.reject", { version });
  await tell(desk, version, `Rejected by ${by}${note === null ? "" : `: ${note}`}`);
  return say(desk, { tenant, version, state: "rejected" }, `rejected ${version} of ${tenant}`);
}

async function rollback(desk: Desk, to: string | null): Promise<number> {
  const { store, tenant, flags, context: { io } } = desk;
  const by = operatorName(io);
  const note = flags.note ?? null;
  const done = await rollBack(store, tenant, to, { by, note, now: Date.now() });
  if (done === null) throw nothingPending(tenant);
  const [from, now] = [done.from.version, done.to.version];
  const why = note === null ? "" : `: ${note}`;
  await audit(desk, "module.rollback", { from, to: now });
  await tell(desk, from, `Rolled back to ${now} by ${by}${why}`);
  return say(
    desk,
    { tenant, from, to: now },
    `rolled ${from} of ${tenant} back: ${now} runs from the next file on`,
  );
}

/** The diff of a version against the one that runs, or, of that one, against the one before. */
async function diffOf({ store, tenant }: Desk, version: string): Promise<string> {
  const current = await store.currentVersion(tenant);
  const base = version === current ? (await store.record(tenant, version)).previous : current;
  const before = base === null ? {} : await store.sources(tenant, base);
  const text = diffModules(before, await store.sources(tenant, version));
  return `${version} against ${base ?? "nothing"}:\n${text || "no differences\n"}`;
}

async function newestPending({ store, tenant }: Desk): Promise<string | null> {
  return (await pendingVersions(store, tenant)).at(-1) ?? null;
}

async function currentOf({ store, tenant }: Desk): Promise<string> {
  const current = await store.currentVersion(tenant);
  if (current === null) throw nothingPending(tenant);
  return current;
}

async function tell({ store, tenant }: Desk, version: string, message: string): Promise<void> {
  await new ModuleLog(store).appendVersion(tenant, version, message, Date.now());
}

function audit(
  { context, flags, tenant: subject }: Desk,
  action: string,
  details: Record<string, string>,
): Promise<void> {
  return writeDown(context, new Layout(configOf(flags).data), { action, subject, details });
}

function say({ context, flags }: Desk, json: object, text: string): number {
  if (flags.json) context.io.stdout.write(`${JSON.stringify({ ...json, text })}\n`);
  else if (!flags.quiet) writeLines(context.io, text);
  return 0;
}

/** A module's text is a stranger's: it must not steer the terminal. */
function writeLines({ stdout }: CommandIo, text: string): void {
  for (const line of text.trimEnd().split("\n")) {
    stdout.write(`${line.split("\t").map(printable).join("\t")}\n`);
  }
}

function nothingPending(tenant: string): Failure {
  const text = `Cannot decide on a version of "${tenant}": none waits`;
  return new Failure("usage", "nothing-pending", text, {
    hint: `To see all versions: mysimbdp manage tenant versions ${tenant}`,
  });
}

function notYet(tenant: string, version: string, why: string): Failure {
  const text = `Cannot approve version ${version} of "${tenant}": ${why}`;
  return new Failure("usage", "wrong-version-state", text);
}
