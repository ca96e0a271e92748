import type { Command } from "commander";
import type { CommandContext } from "./command.ts";
import { withGuide } from "./guide.ts";
import { registerAudit } from "./manage_audit_command.ts";
import { registerInit } from "./manage_init_command.ts";
import { registerLedger } from "./manage_ledger_command.ts";
import { registerOperator } from "./manage_operator_command.ts";
import { registerRun } from "./manage_run_command.ts";
import { registerTenant } from "./manage_tenant_command.ts";
import { registerUnits } from "./manage_units_command.ts";
import { registerUpkeep } from "./manage_upkeep_command.ts";

/** Adds `manage` and its commands to the program. */
export function registerManage(program: Command, context: CommandContext): void {
  const manage = program.command("manage")
    .description("load received files into storage; accounts, modules and the ledger");
  withGuide(manage, {
    examples: [
      ["mysimbdp manage init", "make ./mysimbdp-data"],
      ["mysimbdp manage tenant add customer-1", "make an account and its keyspace"],
      ["mysimbdp manage tenant deploy customer-1 DIR", "deploy its module"],
      ["mysimbdp manage", "load what arrives, until SIGTERM"],
      ["mysimbdp manage --once", "load what is there, and end"],
      ["mysimbdp manage files --state quarantined", "what did not get in"],
    ],
  });
  registerRun(manage, context);
  registerInit(manage, context);
  registerTenant(manage, context);
  registerLedger(manage, context);
  registerOperator(manage, context);
  registerAudit(manage, context);
  registerUnits(manage, context);
  registerUpkeep(manage, context);
}
