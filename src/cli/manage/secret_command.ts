import type { Command } from "commander";
import { TenantSecrets } from "../../modules/secrets.ts";
import { checkTenantName } from "../../base/tenant_name.ts";
import { Layout } from "../../data/layout.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { type Example, withGuide } from "../help/guide.ts";
import { writeDown } from "./audit_command.ts";
import { findSecret } from "../terminal/password.ts";

interface SecretFlags extends CommonFlags {
  value?: string;
  valueFile?: string;
}

const EXAMPLES: Record<string, readonly Example[]> = {
  set: [
    ["mysimbdp manage tenant secret set customer-1 API_KEY", "ask for the value"],
    ["mysimbdp manage tenant secret set customer-1 API_KEY --value-file key", "from a file"],
  ],
  list: [["mysimbdp manage tenant secret list customer-1", "names, no values"]],
  remove: [["mysimbdp manage tenant secret remove customer-1 API_KEY", "from the next file on"]],
};

/** Adds `manage tenant secret …`: values for modules. */
export function registerSecret(tenant: Command, context: CommandContext): void {
  const secret = tenant.command("secret").description(
    "values that modules get by ctx.secret(name)",
  );
  withGuide(secret, { examples: [...EXAMPLES["set"] ?? [], ...EXAMPLES["list"] ?? []] });
  const command = (name: string, what: string) => {
    const examples = EXAMPLES[name.split(" ")[0] ?? ""] ?? [];
    return withGuide(withCommonFlags(secret.command(name)).description(what), { examples });
  };
  command("set NAME KEY", "give a tenant's module a value; tenant.json has to declare it")
    .option("--value <value>", "the value; - reads it from standard input")
    .option("--value-file <file>", "a file whose first line is the value")
    .action(action<SecretFlags>(context, async (flags, name, key) => {
      const tenantName = checkTenantName(name ?? "");
      const { value: flag, valueFile: file } = flags;
      const sources = { ...(flag !== undefined && { flag }), ...(file !== undefined && { file }) };
      const value = await findSecret(sources, `Value of ${key} for ${tenantName}: `, context.io);
      await secretsOf(flags).set(tenantName, key ?? "", value);
      await audit(context, flags, "secret.set", tenantName, key ?? "");
      return say(context, flags, { tenant: name, key }, `${key} of ${name} is set`);
    }));
  command("list NAME", "the names of a tenant's values")
    .action(action<SecretFlags>(context, async (flags, name) => {
      const keys = Object.keys(await secretsOf(flags).of(checkTenantName(name ?? ""))).sort();
      return say(context, flags, { tenant: name, keys }, keys.join("\n"));
    }));
  command("remove NAME KEY", "take a value away")
    .action(action<SecretFlags>(context, async (flags, name, key) => {
      const tenantName = checkTenantName(name ?? "");
      await secretsOf(flags).remove(tenantName, key ?? "");
      await audit(context, flags, "secret.remove", tenantName, key ?? "");
      return say(context, flags, { tenant: name, key }, `${key} of ${name} is gone`);
    }));
}

function secretsOf(flags: CommonFlags): TenantSecrets {
  return new TenantSecrets(new Layout(configOf(flags).data).secrets);
}

function audit(
  context: CommandContext,
  flags: CommonFlags,
  action: string,
  subject: string,
  key: string,
): Promise<void> {
  const layout = new Layout(configOf(flags).data);
  return writeDown(context, layout, { action, subject, details: { key } });
}

function say({ io }: CommandContext, flags: CommonFlags, json: object, text: string): number {
  if (flags.json) io.stdout.write(`${JSON.stringify(json)}\n`);
  else if (!flags.quiet && text !== "") io.stdout.write(`${text}\n`);
  return 0;
}
