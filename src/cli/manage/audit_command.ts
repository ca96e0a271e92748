import type { Command } from "commander";
import { AuditLog } from "../../accounts/audit_log.ts";
import { Layout } from "../../data/layout.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  numberFrom,
  printEntries,
} from "../command.ts";
import type { CommandIo } from "../terminal/io.ts";

interface AuditFlags extends CommonFlags {
  limit: number;
  verify?: boolean;
  head?: string;
}

/** Adds `manage audit`. */
export function registerAudit(manage: Command, context: CommandContext): void {
  addCommand(manage, "audit", "show what operators did, newest first", [
    ["mysimbdp manage audit", "show the newest 100 entries"],
    ["mysimbdp manage audit --limit 1000 --json", "print JSON, one entry per line"],
    ["mysimbdp manage audit --verify", "exit with 1 if the log was changed"],
  ])
    .option("--limit <n>", "maximum number of entries to show", numberFrom(1, Infinity), 100)
    .option("--verify", "check that no entry was changed, removed or inserted")
    .option("--head <sha256>", "with --verify: an earlier head that the log must still contain")
    .action(action<AuditFlags>(context, (flags) => {
      return flags.verify ? verifyAudit(context, flags) : showAudit(context, flags);
    }));
}

async function showAudit({ io }: CommandContext, flags: AuditFlags): Promise<number> {
  const entries = await auditLogOf(flags).latest(flags.limit);
  if (entries.length === 0 && !flags.json) {
    io.stdout.write("no entries\n");
    return 0;
  }
  const header = ["at", "operator", "from", "action", "subject", "outcome"];
  return printEntries(io, flags, entries, header, (e) => {
    return [e.at, e.operator, e.from, e.action, e.subject, e.outcome];
  });
}

/** Keep the head on another machine: anyone who can write the log can replace all of it. */
async function verifyAudit({ io }: CommandContext, flags: AuditFlags): Promise<number> {
  const check = await auditLogOf(flags).verify(flags.head);
  if (flags.json) io.stdout.write(`${JSON.stringify(check)}\n`);
  else if (check.faults.length === 0) {
    io.stdout.write(`${check.lines} lines, none changed; head ${check.head}\n`);
  } else for (const fault of check.faults) io.stdout.write(`${fault}\n`);
  return check.faults.length === 0 ? 0 : 1;
}

function auditLogOf(flags: CommonFlags): AuditLog {
  return new AuditLog(new Layout(configOf(flags).data).audit);
}

/** The name of the user who runs the command. */
export function operatorName({ env }: Pick<CommandIo, "env">): string {
  return env("SUDO_USER") ?? env("USER") ?? (Deno.uid() === 0 ? "root" : `user ${Deno.uid()}`);
}

/** Who made a decision with a command, such as `root (command line)`. */
export function decidedBy(io: Pick<CommandIo, "env">): string {
  return `${operatorName(io)} (command line)`;
}

/** Adds an entry to the audit log. It must not contain a secret. */
export async function audit(
  { io }: CommandContext,
  flags: CommonFlags,
  action: string,
  subject: string,
  details: Record<string, unknown> = {},
): Promise<void> {
  const at = new Date().toISOString();
  const entry = { at, operator: operatorName(io), from: "cli" as const, action, subject };
  await auditLogOf(flags).append({ ...entry, details, outcome: "done" });
}
