import type { Command } from "commander";
import type { CommandContext } from "../command.ts";
import { withGuide } from "../help/guide.ts";
import { registerAudit } from "./audit_command.ts";
import { registerInit } from "./init_command.ts";
import { registerLedger } from "./ledger_command.ts";
import { registerOperator } from "./operator_command.ts";
import { registerRun } from "./run_command.ts";
import { registerTenant } from "./tenant_command.ts";
import { registerUnits } from "./units_command.ts";
import { registerUpkeep } from "./upkeep_command.ts";

/** Adds `manage` and its commands to the program. */
export function registerManage(program: Command, context: CommandContext): void {
  const manage = program.command("manage")
    .description("load received files; manage accounts, modules and the ledger");
  withGuide(manage, {
    examples: [
      ["mysimbdp manage init", "create ./mysimbdp-data"],
      ["mysimbdp manage tenant add customer-1", "create an account and its keyspace"],
      ["mysimbdp manage tenant deploy customer-1 DIR", "deploy its module"],
      ["mysimbdp manage", "load files as they arrive"],
      ["mysimbdp manage --once", "load the waiting files and exit"],
      ["mysimbdp manage files --state quarantined", "show what failed"],
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
