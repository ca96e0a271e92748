import { createHash } from "node:crypto";
import { Failure } from "../../base/failure.ts";
import { checkTenantName } from "../../base/tenant_name.ts";

/** The limit of Cassandra. */
const MAX_CHARS = 48;
// These names stay different when dashes become underscores.
const PLAIN = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const READER = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const MAX_READER_CHARS = 32;

/** The keyspace of the ledger. */
export function ledgerKeyspace(namespace: string): string {
  return namespace === "" ? "mysimbdp" : `mysimbdp_${namespace}`;
}

/**
 * The name of a tenant's keyspace and of its role. It is unique, never the name of a system keyspace,
 * and needs no quotes.
 *
 * @throws {Failure} `bad-tenant-name`
 * @example
 * ```ts
 * import { tenantKeyspace } from "./names.ts";
 * tenantKeyspace("", "customer-1"); // "t_customer_1"
 * tenantKeyspace("", "a_b.c"); // "t_a_b_c__" and eight digits of its SHA-256
 * ```
 */
export function tenantKeyspace(namespace: string, tenant: string): string {
  checkTenantName(tenant);
  const prefix = tenantPrefix(namespace);
  const plain = `${prefix}${tenant.replaceAll(/[.-]/g, "_")}`;
  if (PLAIN.test(tenant) && plain.length <= MAX_CHARS) return plain;
  const digest = createHash("sha256").update(tenant).digest("hex").slice(0, 8);
  return `${plain.slice(0, MAX_CHARS - digest.length - 2)}__${digest}`;
}

/**
 * The name of the role with which a person or program reads a tenant's rows. It needs no quotes. It is
 * unique, because a reader's name has no `__`, and never the name of a keyspace or of a tenant's role,
 * which have another prefix.
 *
 * @throws {Failure} `bad-tenant-name`, `bad-reader-name`
 * @example
 * ```ts
 * import { readerRole } from "./names.ts";
 * readerRole("", "customer-1", "anna"); // "r_customer_1__anna"
 * ```
 */
export function readerRole(namespace: string, tenant: string, reader: string): string {
  if (!READER.test(reader) || reader.length > MAX_READER_CHARS) {
    throw new Failure(
      "usage",
      "bad-reader-name",
      `Cannot use ${JSON.stringify(reader)} as a reader's name: it contains characters that are ` +
        `not allowed, or its length is not 1 to ${MAX_READER_CHARS}`,
      { hint: 'Use a-z, 0-9 and single "_", starting with a letter, such as "anna" or "bi_tool".' },
    );
  }
  return `${readersPrefix(namespace, tenant)}${reader}`;
}

/**
 * The start of the roles of a tenant's readers; the reader's name follows.
 * @throws {Failure} `bad-tenant-name`
 */
export function readersPrefix(namespace: string, tenant: string): string {
  const own = tenantKeyspace(namespace, tenant).slice(tenantPrefix(namespace).length);
  return `${namespace === "" ? "" : `${namespace}_`}r_${own}__`;
}

/** Whether a keyspace belongs to a tenant of this installation. */
export function isTenantKeyspace(namespace: string, keyspace: string): boolean {
  return keyspace.startsWith(tenantPrefix(namespace));
}

function tenantPrefix(namespace: string): string {
  return namespace === "" ? "t_" : `${namespace}_t_`;
}

/** Quotes a text for CQL. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
