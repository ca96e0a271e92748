import type { Command } from "commander";
import { AuditLog } from "../../accounts/audit_log.ts";
import type { AuditEntry } from "../../protocol/admin_view.ts";
import { Layout } from "../../data/layout.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  usage,
  withCommonFlags,
} from "../command.ts";
import { withGuide } from "../help/guide.ts";
import type { CommandIo } from "../terminal/io.ts";
import { printTable } from "../terminal/table.ts";

interface AuditFlags extends CommonFlags {
  limit: string;
  verify?: boolean;
  head?: string;
}

/** Adds `manage audit`. */
export function registerAudit(manage: Command, context: CommandContext): void {
  const audit = withCommonFlags(manage.command("audit"))
    .description("what operators did, at the dashboard and with commands, newest first")
    .option("--limit <n>", "at most so many", "100")
    .option("--verify", "check that no line was changed, taken out or put in between")
    .option("--head <sha256>", "with --verify: what it told earlier, which must still be there")
    .action(
      action<AuditFlags>(
        context,
        (flags) => flags.verify ? verifyAudit(context, flags) : showAudit(context, flags),
      ),
    );
  withGuide(audit, {
    examples: [
      ["mysimbdp manage audit", "who added, disabled, deployed, replayed what, and when"],
      ["mysimbdp manage audit --limit 1000 --json", "for programs, one line each"],
      ["mysimbdp manage audit --verify", "was anything changed? Ends with 1 if so"],
    ],
  });
}

async function showAudit({ io }: CommandContext, flags: AuditFlags): Promise<number> {
  const limit = Number(flags.limit);
  if (!Number.isInteger(limit) || limit < 1) throw usage(`Cannot show "${flags.limit}" entries`);
  const entries = await new AuditLog(new Layout(configOf(flags).data).audit).latest(limit);
  if (flags.json) { for (const entry of entries) io.stdout.write(`${JSON.stringify(entry)}\n`); }
  else if (entries.length === 0) io.stdout.write("nothing yet\n");
  else {
    printTable(
      io.stdout,
      ["at", "operator", "from", "action", "subject", "outcome"],
      entries.map((e) => [e.at, e.operator, e.from, e.action, e.subject, e.outcome]),
    );
  }
  return 0;
}

/** Keep the head that it tells on another machine: who writes the log may write all of it anew. */
async function verifyAudit({ io }: CommandContext, flags: AuditFlags): Promise<number> {
  const check = await new AuditLog(new Layout(configOf(flags).data).audit).verify(flags.head);
  if (flags.json) io.stdout.write(`${JSON.stringify(check)}\n`);
  else if (check.faults.length === 0) {
    io.stdout.write(`${check.lines} lines, none changed; head ${check.head}\n`);
  } else for (const fault of check.faults) io.stdout.write(`${fault}\n`);
  return check.faults.length === 0 ? 0 : 1;
}

/** Who calls the command. */
export function operatorName({ env }: Pick<CommandIo, "env">): string {
  return env("SUDO_USER") ?? env("USER") ?? `uid ${Deno.uid() ?? "unknown"}`;
}

/** Writes down what an operator has done with a command. No secret may be in it. */
export async function writeDown(
  context: CommandContext,
  layout: Layout,
  done: Pick<AuditEntry, "action" | "subject"> & { details?: AuditEntry["details"] },
): Promise<void> {
  await new AuditLog(layout.audit).append({
    at: new Date().toISOString(),
    operator: operatorName(context.io),
    from: "cli",
    details: {},
    ...done,
    outcome: "done",
  });
}
