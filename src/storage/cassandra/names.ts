import { createHash } from "node:crypto";
import { checkTenantName } from "../../base/tenant_name.ts";

/** The limit of Cassandra. */
const MAX_CHARS = 48;
// These names stay different when dashes become underscores.
const PLAIN = /^[a-z0-9]+(-[a-z0-9]+)*$/;

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
