import type { Command } from "commander";
import { approveModule } from "../../modules/build/deploy.ts";
import {
  byAndNote,
  type Decision,
  pendingVersions,
  rejectVersion,
  rollBack,
} from "../../modules/review.ts";
import { changesOf, permissionsText } from "../../modules/diff.ts";
import { ModuleLog } from "../../modules/module_log.ts";
import { ModuleStore } from "../../modules/store.ts";
import { closing } from "../../base/closing.ts";
import { Failure } from "../../base/failure.ts";
import { Layout } from "../../data/layout.ts";
import type { VersionView } from "../../protocol/module_view.ts";
import { openStorage, tableNotices } from "../../storage/open.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  printEntries,
  withNotices,
  withStorage,
} from "../command.ts";
import { confirmed } from "../terminal/confirm.ts";
import type { CommandIo } from "../terminal/io.ts";
import { printable } from "../terminal/text.ts";
import { tenantNamed } from "./accounts.ts";
import { audit, decidedBy } from "./audit_command.ts";

interface ModuleFlags extends CommonFlags {
  storage?: string;
  note?: string;
  /** What was seen of the version that is approved. */
  seen?: string;
}

/** The module that a command is about. */
interface ModuleTarget {
  context: CommandContext;
  flags: ModuleFlags;
  tenant: string;
  store: ModuleStore;
}

/** Adds `manage tenant versions|diff|approve|reject|rollback`: review of submitted modules. */
export function registerTenantModule(tenant: Command, context: CommandContext): void {
  const on = (run: (target: ModuleTarget, version: string | null) => Promise<number>) =>
    action<ModuleFlags>(context, (flags, name, version) => {
      const layout = new Layout(configOf(flags).data);
      const store = new ModuleStore(layout.moduleRoot);
      const target = { context, flags, tenant: tenantNamed(layout, name ?? ""), store };
      return run(target, version ?? null);
    });
  addCommand(tenant, "versions NAME", "show all versions of a tenant's module", [
    ["mysimbdp manage tenant versions customer-1", "newest first, with their states"],
  ]).action(on(listVersions));
  addCommand(tenant, "diff NAME [VERSION]", "compare a version with the current one", [
    ["mysimbdp manage tenant diff customer-1", "the newest pending version"],
    ["mysimbdp manage tenant diff customer-1 v3-1f0c9a2b", "a specific version"],
  ]).action(on(async (target, asked) => {
    const version = asked ?? await newestPending(target) ?? await currentOf(target);
    const { text, ...shown } = await diffOf(target, version);
    return print(target, { version, ...shown }, text);
  }));
  withStorage(
    addCommand(tenant, "approve NAME [VERSION]", "show the diff of a version and approve it", [
      ["mysimbdp manage tenant approve customer-1", "the newest pending version; asks first"],
      ["mysimbdp manage tenant approve customer-1 v3-1f0c9a2b", "a specific version; asks first"],
      [
        "mysimbdp manage tenant approve customer-1 v3-1f0c9a2b --seen 5e1f…",
        "only what the last line of diff has named",
      ],
    ]),
  )
    .option("--seen <hash>", "what you have seen: the hash in the last line of manage tenant diff")
    .option("--note <text>", "note to the author")
    .action(on(approve));
  addCommand(tenant, "reject NAME [VERSION]", "reject a pending version", [[
    'mysimbdp manage tenant reject customer-1 --note "dates are not parsed"',
    "the newest pending version",
  ]])
    .option("--note <text>", "reason, shown to the author")
    .action(on(reject));
  addCommand(tenant, "rollback NAME [VERSION]", "make an earlier version current again", [
    ["mysimbdp manage tenant rollback customer-1", "the previous version"],
    ["mysimbdp manage tenant rollback customer-1 v2-5c7481f8", "a specific version"],
  ])
    .option("--note <text>", "reason, shown to the author")
    .action(on(rollback));
}

async function listVersions(
  { store, tenant, flags, context: { io } }: ModuleTarget,
): Promise<number> {
  const current = await store.currentVersion(tenant);
  const records = (await store.records(tenant)).reverse()
    .map((record) => ({ ...record, current: record.version === current }));
  return printEntries(io, flags, records, VERSION_HEADER, versionRow(current));
}

export const VERSION_HEADER = ["version", "state", "submitted", "decided", "by", "note"];

/** Returns a version as a row of a table; the current one is marked. */
export function versionRow(current: string | null) {
  return (record: VersionView): string[] => [
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

async function approve(target: ModuleTarget, asked: string | null): Promise<number> {
  const { store, tenant, flags, context } = target;
  const version = asked ?? await newestPending(target);
  if (version === null) throw nothingPending(tenant);
  const shown = await diffOf(target, version);
  if (!flags.json && !flags.quiet) writeLines(context.io, shown.text);
  const record = await store.record(tenant, version);
  if (record.state === "faulty") throw notYet(tenant, version, "it has faults");
  if (record.state === "checking") {
    throw notYet(tenant, version, "it has not been checked yet; manage checks it");
  }
  const module = await store.built(tenant, version);
  const goesBack = shown.older ? ` goes back from ${shown.against}` : "";
  if (flags.seen === undefined) {
    if (flags.json || flags.quiet) throw notSeen(tenant, version);
    if (!await confirmed(context.io, `Approve ${version}?${goesBack && ` It${goesBack}.`}`)) {
      return print(target, { tenant, version, state: record.state }, "not approved");
    }
  }
  const seen = flags.seen ?? shown.seen;
  const config = configOf(flags, { "storage.url": flags.storage });
  await using storage = closing(openStorage(config));
  // No events: the command prints its own line.
  const deps = { store, storage, log: new ModuleLog(store), emit: () => {}, config: () => config };
  await approveModule(deps, { tenant, version }, module, decisionOf(target), seen);
  await audit(context, flags, "module.approve", tenant, { version, seen });
  const notices = tableNotices(config, module.declaration.tables);
  const text = `approved ${version} of ${tenant}; it runs from the next file on` +
    (goesBack && `, and${goesBack}`);
  const json = { tenant, version, state: "approved", notices };
  return print(target, json, withNotices(text, notices));
}

async function reject(target: ModuleTarget, asked: string | null): Promise<number> {
  const { store, tenant, flags, context } = target;
  const version = asked ?? await newestPending(target);
  if (version === null) throw nothingPending(tenant);
  const deps = { store, log: new ModuleLog(store) };
  await rejectVersion(deps, { tenant, version }, decisionOf(target));
  await audit(context, flags, "module.reject", tenant, { version });
  return print(target, { tenant, version, state: "rejected" }, `rejected ${version} of ${tenant}`);
}

async function rollback(target: ModuleTarget, to: string | null): Promise<number> {
  const { store, tenant, flags, context } = target;
  const decision = decisionOf(target);
  const done = await rollBack(store, tenant, to, decision);
  if (done === null) throw nothingPending(tenant);
  const [from, now] = [done.from.version, done.to.version];
  await audit(context, flags, "module.rollback", tenant, { from, to: now });
  const message = `Rolled back to ${now} ${byAndNote(decision)}`;
  await new ModuleLog(store).appendVersion({ tenant, version: from }, message, decision.now);
  return print(
    target,
    { tenant, from, to: now },
    `rolled back ${from} of ${tenant}; ${now} runs from the next file on`,
  );
}

/** What an operator sees of a version; the last line names it, for the approval. */
async function diffOf({ store, tenant }: ModuleTarget, version: string) {
  const changes = await changesOf(store, { tenant, version });
  const { against, diff, permissions, seen, isOlder: older } = changes;
  const others = (await pendingVersions(store, tenant)).filter((each) => each !== version);
  const lines = [
    `changes from ${against ?? "nothing"} to ${version}:`,
    diff.replace(/\n$/, "") || "no differences",
    ...permissions ? [`permissions: ${permissionsText(permissions)}`] : [],
    ...others.length > 0 ? [`also pending: ${others.join(", ")}`] : [],
    ...older ? [`${version} is older than the current ${against}: approving it goes back`] : [],
    `seen: ${seen}`,
  ];
  return { text: `${lines.join("\n")}\n`, against, seen, older };
}

async function newestPending({ store, tenant }: ModuleTarget): Promise<string | null> {
  return (await pendingVersions(store, tenant)).at(-1) ?? null;
}

async function currentOf({ store, tenant }: ModuleTarget): Promise<string> {
  const current = await store.currentVersion(tenant);
  if (current === null) throw nothingPending(tenant);
  return current;
}

function decisionOf({ context, flags }: ModuleTarget): Decision {
  return { by: decidedBy(context.io), note: flags.note ?? null, now: Date.now() };
}

function print({ context, flags }: ModuleTarget, json: object, text: string): number {
  if (flags.json) context.io.stdout.write(`${JSON.stringify({ ...json, text })}\n`);
  else if (!flags.quiet) writeLines(context.io, text);
  return 0;
}

/** A module's text is untrusted: it must not contain control characters for the terminal. */
function writeLines({ stdout }: CommandIo, text: string): void {
  for (const line of text.trimEnd().split("\n")) {
    stdout.write(`${line.split("\t").map(printable).join("\t")}\n`);
  }
}

function nothingPending(tenant: string): Failure {
  const text = `Cannot decide on a version of "${tenant}": no version is pending`;
  return new Failure("usage", "nothing-pending", text, {
    hint: `Run mysimbdp manage tenant versions ${tenant} to show all versions.`,
  });
}

function notSeen(tenant: string, version: string): Failure {
  const text =
    `Cannot approve version ${version} of "${tenant}": with --json and --quiet nothing is ` +
    "shown, and --seen is missing";
  return new Failure("usage", "not-seen", text, {
    hint:
      `Run mysimbdp manage tenant diff ${tenant} ${version} and pass the hash in its last line.`,
  });
}

function notYet(tenant: string, version: string, why: string): Failure {
  const text = `Cannot approve version ${version} of "${tenant}": ${why}`;
  return new Failure("usage", "wrong-version-state", text);
}
