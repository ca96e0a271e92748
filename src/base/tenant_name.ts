import { Failure } from "./failure.ts";

/**
 * The rule for tenant names as a regular expression without anchors, also for the `pattern` of a
 * form. A name becomes a folder, a file and part of a keyspace's name, so upper case is not
 * allowed: two names that differ only in case would be the same folder on some systems.
 */
export const TENANT_NAME_PATTERN = "[a-z0-9][a-z0-9._\\-]{0,62}";

const TENANT_NAME = new RegExp(`^${TENANT_NAME_PATTERN}$`);

/**
 * Returns whether a tenant can have this name.
 *
 * @example
 * ```ts
 * import { isTenantName } from "./tenant_name.ts";
 * isTenantName("customer-1"); // true
 * isTenantName("Customer-1"); // false
 * isTenantName("../etc"); // false
 * ```
 */
export function isTenantName(name: string): boolean {
  return TENANT_NAME.test(name);
}

/**
 * Returns the name if a tenant can have it.
 * @throws {Failure} `bad-tenant-name`
 */
export function checkTenantName(name: string): string {
  if (isTenantName(name)) return name;
  throw new Failure(
    "usage",
    "bad-tenant-name",
    `Cannot use ${JSON.stringify(name)} as a tenant name: it contains characters that are not ` +
      "allowed, or its length is not 1 to 63",
    { hint: 'Use a-z, 0-9, ".", "-" and "_", starting with a letter or a digit.' },
  );
}
