import { type Command, Option } from "commander";
import { Failure, messageOf } from "../../base/failure.ts";
import { isLoopback } from "../../base/loopback.ts";
import type { ApiClient } from "../../fetch/client.ts";
import { TOKEN_DAYS, TOKEN_SCOPES, type TokenScope } from "../../protocol/tokens.ts";
import { action, type CommandContext, numberFrom } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { withGuide } from "../help/guide.ts";
import { ask } from "../terminal/password.ts";
import {
  clientOf,
  type FetchFlags,
  type FetchOptions,
  openClient,
  serverOptions,
  untilStopped,
  withAccount,
  withoutToken,
} from "./options.ts";
import { type StoredToken, StoredTokens } from "./stored_tokens.ts";

interface LoginFlags extends FetchFlags {
  name?: string;
  scope: TokenScope;
  /** Days. */
  days: number;
}

/** Adds `fetch login` and `fetch logout`. */
export function registerLogin(fetch: Command, context: CommandContext): void {
  const login = withAccount(
    fetch.command("login [URL]").description("create an API token and store it for this server"),
  )
    .option("--name <name>", "name of the token (default: fetch on HOSTNAME)")
    .addOption(
      new Option("--scope <scope>", "what the token may do").choices(TOKEN_SCOPES).default("send"),
    )
    .option(
      "--days <n>",
      "days until the token expires",
      numberFrom(1, TOKEN_DAYS.max),
      TOKEN_DAYS.default,
    );
  withGuide(common(login), {
    examples: [
      ["mysimbdp fetch login https://intake.example.com", "prompt for user and password"],
      ["mysimbdp fetch login -u customer-1 --password-file pw", "without a terminal"],
      ["mysimbdp fetch login --scope send,module --days 365", "also for fetch module, for a year"],
    ],
    notes: [
      "The other commands then use the token of their server, unless a flag or the environment " +
      "gives a password. It is stored in $XDG_CONFIG_HOME/mysimbdp/credentials.json (default: " +
      "~/.config), which only you can read. Logging in again replaces it.",
    ],
    environment: [
      ["MYSIMBDP_USER, MYSIMBDP_PASSWORD", "the account"],
      ["MYSIMBDP_SERVER, MYSIMBDP_CA", "defaults for the flags"],
    ],
  }).action(action<LoginFlags>(context, (flags, url) => {
    return logIn(context, flags, serverOptions(flags, context.io, url));
  }));

  const logout = fetch.command("logout [URL]").description("revoke the stored API token")
    .option("--server <url>", "URL of the platform")
    .option("--ca <file>", "also trust the certificates in this PEM file");
  withGuide(common(logout), {
    examples: [["mysimbdp fetch logout https://intake.example.com", "revoke and remove it"]],
  }).action(action<FetchFlags>(context, (flags, url) => {
    return logOut(context, flags, serverOptions(flags, context.io, url));
  }));
}

function common(command: Command): Command {
  return command
    .option("--config <file>", "configuration file; server.url is used")
    .option("--json", "print JSON")
    .option("-v, --verbose", "print more details");
}

async function logIn(
  { io }: CommandContext,
  { name = `fetch on ${hostname()}`, scope, days, json }: LoginFlags,
  options: FetchOptions,
): Promise<number> {
  const tokens = new StoredTokens(io);
  await tokens.prepare();
  warnOfPlainText(options.server, io);
  const user = options.user || await askUser(options.server, io);
  using client = await openClient({ ...options, user, token: null }, io);
  const request = { name, scope, expiresInDays: days };
  let before: StoredToken | null = null;
  const { token: _, ...view } = await untilStopped(io, async (signal) => {
    const created = await client.createToken(request, signal);
    const { token, id, expiresAt } = created;
    try {
      before = await tokens.store(client.server, { user, token, id, name, scope, expiresAt });
    } catch (error) {
      await client.revokeToken(id, signal).catch(() => {});
      throw error;
    }
    return created;
  });
  if (before) await revokeBefore(options, before);
  const { path } = tokens;
  if (json) {
    io.stdout.write(`${JSON.stringify({ server: client.server, user, ...view, path })}\n`);
  } else {
    const until = view.expiresAt.slice(0, 10);
    io.stdout.write(
      `logged in to ${client.server} as ${user}; the token "${name}" (${scope}) is valid until ` +
        `${until}\nstored in ${path}\n`,
    );
  }
  return EXIT.done;
}

function warnOfPlainText(server: string, { stderr }: CommandContext["io"]): void {
  const { protocol, hostname } = new URL(server);
  if (protocol === "https:" || isLoopback(hostname)) return;
  stderr.write(`notice: the password is sent unencrypted to ${server}; use https\n`);
}

/** The token that was stored before would be valid, but nobody would have it. */
async function revokeBefore(options: FetchOptions, before: StoredToken): Promise<void> {
  using client = await clientOf(options, { user: before.user, token: before.token });
  await client.revokeToken(before.id, AbortSignal.timeout(10_000)).catch(() => {});
}

async function askUser(server: string, io: CommandContext["io"]): Promise<string> {
  if (!io.stdin.isTerminal) throw withoutToken(server);
  const user = await ask(`User for ${server}: `, io);
  if (user !== "") return user;
  throw new Failure("usage", "no-user", "Cannot log in: the user name is empty");
}

async function logOut(
  { io }: CommandContext,
  { json }: FetchFlags,
  options: FetchOptions,
): Promise<number> {
  const tokens = new StoredTokens(io);
  const { server } = options;
  const stored = await tokens.of(server);
  if (stored === null) {
    throw new Failure(
      "usage",
      "not-logged-in",
      `Cannot log out of "${server}": no token is stored`,
      {
        hint: "Check the URL; it has to be the one of fetch login.",
      },
    );
  }
  using client = await clientOf(options, { user: stored.user, token: stored.token });
  const failure = await untilStopped(io, (signal) => revoke(client, stored.id, signal));
  await tokens.remove(server);
  if (failure) throw stillValid(failure, stored);
  if (json) {
    io.stdout.write(`${JSON.stringify({ server, user: stored.user, revoked: stored.id })}\n`);
  } else io.stdout.write(`logged out of ${server}; the token "${stored.name}" is revoked\n`);
  return EXIT.done;
}

/** @returns why the token could not be revoked; null if it is not valid any more */
async function revoke(
  client: ApiClient,
  id: string,
  signal: AbortSignal,
): Promise<Failure | null> {
  try {
    await client.revokeToken(id, signal);
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return error.code === "bad-token" || error.code === "no-such-token" ? null : error;
  }
}

function stillValid(cause: Failure, { name, expiresAt }: StoredToken): Failure {
  const text = `Cannot revoke the token "${name}": ${messageOf(cause)}`;
  return new Failure(cause.kind, cause.code, text, {
    hint:
      `It was removed from this machine, but it is valid until ${expiresAt}: revoke it on the ` +
      "dashboard, or ask the operator.",
    cause,
  });
}

function hostname(): string {
  try {
    return Deno.hostname() || "this machine";
  } catch {
    return "this machine";
  }
}
