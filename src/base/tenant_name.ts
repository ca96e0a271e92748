import { Failure } from "./failure.ts";

// The name is a folder, a file and a keyspace (CQL takes 48 characters), so nothing else may pass.
const TENANT_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$/;

/** True when an account may have this name. */
export function isTenantName(name: string): boolean {
  return TENANT_NAME.test(name);
}

/**
 * Says why a name cannot be an account's.
 *
 * @throws {Failure} `bad-tenant-name`
 *
 * @example
 * ```ts
 * import { checkTenantName } from "./tenant_name.ts";
 * checkTenantName("customer-1");
 * ```
 */
export function checkTenantName(name: string): void {
  if (isTenantName(name)) return;
  throw new Failure(
    "usage",
    "bad-tenant-name",
    `Cannot name a tenant ${JSON.stringify(name)}: it is not 1 to 48 letters, digits, "-" and "_"`,
    { hint: "Start with a letter or a digit, for example customer-1." },
  );
}
