import type { Command } from "commander";
import { Layout } from "../../data/layout.ts";
import { TenantSecrets } from "../../modules/secrets.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  printResult,
} from "../command.ts";
import { withGuide } from "../help/guide.ts";
import { findSecret } from "../terminal/password.ts";
import { tenantNamed } from "./accounts.ts";
import { audit } from "./audit_command.ts";

interface SecretFlags extends CommonFlags {
  value?: string;
  valueFile?: string;
}

/** Adds `manage tenant secret …`: values for modules. */
export function registerSecret(tenant: Command, context: CommandContext): void {
  const secret = tenant.command("secret").description("manage the secrets of a tenant's module");
  withGuide(secret, {
    examples: [
      ["mysimbdp manage tenant secret set customer-1 API_KEY", "prompt for the value"],
      ["mysimbdp manage tenant secret list customer-1", "show names, not values"],
    ],
  });
  addCommand(secret, "set NAME KEY", "set a secret, which the module reads with ctx.secret(KEY)", [
    ["mysimbdp manage tenant secret set customer-1 API_KEY", "prompt for the value"],
    [
      "mysimbdp manage tenant secret set customer-1 API_KEY --value-file key",
      "read the value from a file",
    ],
  ])
    .option("--value <value>", "value; - reads it from standard input")
    .option("--value-file <file>", "read the value from the first line of a file")
    .action(action<SecretFlags>(context, async (flags, name = "", key = "") => {
      const tenant = tenantNamed(layoutOf(flags), name);
      const { value: flag, valueFile: file } = flags;
      const value = await findSecret({ flag, file }, `Value of ${key} for ${tenant}: `, context.io);
      await secretsOf(flags).set(tenant, key, value);
      await audit(context, flags, "secret.set", tenant, { key });
      return printResult(context, flags, { tenant, key }, `set ${key} of ${tenant}`);
    }));
  addCommand(secret, "list NAME", "show the names of a tenant's secrets", [
    ["mysimbdp manage tenant secret list customer-1", "names, not values"],
  ]).action(action<SecretFlags>(context, async (flags, name = "") => {
    const tenant = tenantNamed(layoutOf(flags), name);
    const keys = Object.keys(await secretsOf(flags).of(tenant)).sort();
    return printResult(context, flags, { tenant, keys }, keys.join("\n"));
  }));
  addCommand(secret, "remove NAME KEY", "remove a secret", [
    ["mysimbdp manage tenant secret remove customer-1 API_KEY", "applies from the next file"],
  ]).action(action<SecretFlags>(context, async (flags, name = "", key = "") => {
    const tenant = tenantNamed(layoutOf(flags), name);
    await secretsOf(flags).remove(tenant, key);
    await audit(context, flags, "secret.remove", tenant, { key });
    return printResult(context, flags, { tenant, key }, `removed ${key} of ${tenant}`);
  }));
}

function secretsOf(flags: CommonFlags): TenantSecrets {
  return new TenantSecrets(layoutOf(flags).secrets);
}

function layoutOf(flags: CommonFlags): Layout {
  return new Layout(configOf(flags).data);
}
