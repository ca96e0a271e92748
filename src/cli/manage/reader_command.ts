import type { Command } from "commander";
import { newPassword } from "../../accounts/new_password.ts";
import { closing } from "../../base/closing.ts";
import { Failure } from "../../base/failure.ts";
import { checkTenantName } from "../../base/tenant_name.ts";
import type { Config } from "../../config/schema.ts";
import { Layout } from "../../data/layout.ts";
import type { ReaderAccess, Readers } from "../../storage/cassandra/readers.ts";
import { openReaders } from "../../storage/open.ts";
import {
  action,
  addCommand,
  type CommandContext,
  type CommonFlags,
  configOf,
  printResult,
  withStorage,
} from "../command.ts";
import { printTable } from "../terminal/table.ts";
import { tenantNamed } from "./accounts.ts";
import { audit } from "./audit_command.ts";

interface ReaderFlags extends CommonFlags {
  storage?: string;
  resetPassword?: boolean;
}

/** Adds `manage tenant add-reader|remove-reader`: roles of Cassandra with which people read rows. */
export function registerReaders(tenant: Command, context: CommandContext): void {
  withStorage(addCommand(tenant, "add-reader NAME READER", "let a person read a tenant's rows", [
    ["mysimbdp manage tenant add-reader customer-1 anna", "create a role, show its password once"],
    ["mysimbdp manage tenant add-reader customer-1 anna --reset-password", "set a new password"],
  ]))
    .option("--reset-password", "generate a new password for an existing reader")
    .action(action<ReaderFlags>(context, (flags, name = "", reader = "") => {
      return addReader(context, flags, name, reader);
    }));
  withStorage(addCommand(tenant, "remove-reader NAME READER", "remove a reader of a tenant", [
    ["mysimbdp manage tenant remove-reader customer-1 anna", "drop its role"],
  ])).action(action<ReaderFlags>(context, (flags, name = "", reader = "") => {
    return removeReader(context, flags, checkTenantName(name), reader);
  }));
}

/** The names of a tenant's readers; undefined for SQLite, which has none. */
export async function readersOf(config: Config, tenant: string): Promise<string[] | undefined> {
  const opened = openReaders(config);
  if (opened === null) return undefined;
  await using readers = closing(opened);
  return await readers.list(tenant);
}

async function addReader(
  context: CommandContext,
  flags: ReaderFlags,
  name: string,
  reader: string,
): Promise<number> {
  const config = configOf(flags, { "storage.url": flags.storage });
  const layout = new Layout(config.data);
  const tenant = tenantNamed(layout, name);
  await using readers = closing(readersIn(config, layout, tenant));
  const password = newPassword();
  const access = flags.resetPassword
    ? await readers.reset(tenant, reader, password)
    : await readers.add(tenant, reader, password);
  const { role, keyspace, tables, connection: { contactPoints, datacenter, tls } } = access;
  await audit(context, flags, flags.resetPassword ? "reader.password" : "reader.add", tenant, {
    reader,
    role,
  });
  if (flags.json || flags.quiet) {
    const where = { hosts: contactPoints, datacenter, tls: tls !== null };
    const json = { tenant, reader, role, password, keyspace, tables, ...where };
    return printResult(context, flags, json, "");
  }
  const { stdout } = context.io;
  stdout.write(flags.resetPassword ? `new password of ${reader}\n` : `added ${reader}\n`);
  printTable(stdout, ["", ""], [
    ["role", role],
    ["password (shown only once)", password],
    ["keyspace", `${keyspace}, read-only`],
    ["tables", tables.join(", ") || "none yet: deploy a module"],
    ["nodes", `${contactPoints.join(", ")} in datacenter ${datacenter}`],
    ["TLS", tlsNote(tls)],
  ]);
  stdout.write(`\n${cqlsh(access)}\n`);
  return 0;
}

async function removeReader(
  context: CommandContext,
  flags: ReaderFlags,
  tenant: string,
  reader: string,
): Promise<number> {
  const config = configOf(flags, { "storage.url": flags.storage });
  await using readers = closing(readersIn(config, new Layout(config.data), tenant));
  const role = await readers.remove(tenant, reader);
  await audit(context, flags, "reader.remove", tenant, { reader, role });
  return printResult(context, flags, { tenant, reader, role }, `removed ${reader} of ${tenant}`);
}

/** @throws {Failure} `no-readers` for SQLite */
function readersIn(config: Config, layout: Layout, tenant: string): Readers {
  const readers = openReaders(config);
  if (readers !== null) return readers;
  throw new Failure("usage", "no-readers", "Cannot manage readers: SQLite has no roles", {
    hint: `Any user who can read the file can open the rows with sqlite3 -readonly ` +
      `${layout.tenantDatabase(tenant)}`,
  });
}

/** The command with which the reader connects; cqlsh prompts for the password. */
function cqlsh({ role, keyspace, connection: { contactPoints, tls } }: ReaderAccess): string {
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(contactPoints[0] ?? "") ?? [];
  const validate = tls === null ? "" : tls.verify ? "SSL_CERTFILE=ca.pem " : "SSL_VALIDATE=false ";
  return `${validate}cqlsh ${tls ? "--ssl " : ""}${host} ${port} -u ${role} -k ${keyspace}`;
}

function tlsNote(tls: ReaderAccess["connection"]["tls"]): string {
  if (tls === null) return "no";
  if (!tls.verify) return "yes, not verified";
  const own = tls.cert ? "; a client certificate may be required, see cqlshrc" : "";
  return `yes; ca.pem is the authority of the nodes' certificates${own}`;
}
