import type { Command } from "commander";
import { listTokens } from "../../accounts/api_tokens.ts";
import { revokeAccountTokens } from "../../accounts/manage_accounts.ts";
import { UsersFile } from "../../accounts/users.ts";
import { formatCount } from "../../base/count.ts";
import { Layout } from "../../data/layout.ts";
import type { TokenView } from "../../protocol/tokens.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  printEntries,
  printResult,
  usage,
} from "../command.ts";
import { type Example, withGuide } from "../help/guide.ts";
import { manageAccountsDeps, tenantNamed } from "./accounts.ts";

interface TokenFlags extends CommonFlags {
  all?: boolean;
}

const EXAMPLES = {
  list: ["mysimbdp manage tenant tokens list customer-1", "show them, newest first"],
  short: ["mysimbdp manage tenant tokens customer-1", "the same"],
  one: ["mysimbdp manage tenant tokens revoke customer-1 TOKEN-ID", "revoke one"],
  all: ["mysimbdp manage tenant tokens revoke customer-1 --all", "revoke all"],
} satisfies Record<string, Example>;

/** Adds `manage tenant tokens …`: the API tokens of an account. */
export function registerTokens(tenant: Command, context: CommandContext): void {
  const tokens = tenant.command("tokens").description("list or revoke a tenant's API tokens");
  withGuide(tokens, { examples: Object.values(EXAMPLES) });
  addCommand(tokens, "list NAME", "show the API tokens of an account", [EXAMPLES.list], [], {
    isDefault: true,
  }).action(action<TokenFlags>(context, (flags, name = "") => list(context, flags, name)));
  addCommand(tokens, "revoke NAME [ID]", "revoke API tokens of an account", [
    EXAMPLES.one,
    EXAMPLES.all,
  ])
    .option("--all", "revoke all")
    .action(action<TokenFlags>(context, (flags, name = "", id) => {
      return revoke(context, flags, name, id);
    }));
}

const HEADER = ["id", "name", "scope", "created", "expires", "last used"];

function list(context: CommandContext, flags: TokenFlags, name: string): number {
  const layout = new Layout(configOf(flags).data);
  const tokens = listTokens(new UsersFile(layout.users), tenantNamed(layout, name));
  return printEntries(context.io, flags, tokens, HEADER, rowOf);
}

function rowOf({ id, name, scope, createdAt, expiresAt, lastUsedAt }: TokenView): string[] {
  const isExpired = Date.parse(expiresAt) <= Date.now();
  return [
    id,
    name,
    scope,
    createdAt,
    isExpired ? `expired ${expiresAt}` : expiresAt,
    lastUsedAt ?? "never",
  ];
}

async function revoke(
  context: CommandContext,
  flags: TokenFlags,
  name: string,
  id: string | undefined,
): Promise<number> {
  if ((flags.all ?? false) === (id !== undefined)) {
    throw usage(
      "Cannot revoke API tokens: name one, or use --all",
      "Run mysimbdp manage tenant tokens NAME to see them.",
    );
  }
  const layout = new Layout(configOf(flags).data);
  const tenant = tenantNamed(layout, name);
  const deps = manageAccountsDeps(context, layout, new UsersFile(layout.users));
  const revoked = await revokeAccountTokens(deps, tenant, id === undefined ? "all" : { id });
  const text = `revoked ${formatCount(revoked.length, "API token")} of ${tenant}`;
  return printResult(context, flags, { tenant, revoked: revoked.map(({ id }) => id) }, text);
}
