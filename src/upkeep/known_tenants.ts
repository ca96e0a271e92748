import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsersFile } from "../accounts/users.ts";
import type { Layout } from "../data/layout.ts";

/**
 * Returns whether a tenant has an account or a module. While the accounts cannot be read, every tenant
 * is known: that is no reason to stop loading.
 */
export function knownTenants(layout: Layout): (tenant: string) => boolean {
  const users = new UsersFile(layout.users);
  return (tenant) => {
    try {
      if (users.accounts().has(tenant)) return true;
    } catch {
      return true;
    }
    return existsSync(join(layout.moduleRoot, tenant));
  };
}
