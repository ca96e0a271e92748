import type { RoleHealth, RolesHealth } from "../health.ts";
import { cassandraFailure, guarded, isInvalid } from "./errors.ts";
import type { KeyFile } from "./key_file.ts";
import { loginFailure } from "./login.ts";
import { tenantKeyspace } from "./names.ts";
import { type Permission, permissionsOf } from "./permissions.ts";
import type { Session } from "./session.ts";
import type { CassandraSettings, ConnectionSettings } from "./settings.ts";

/** Logins at the same time: each costs a node up to a tenth of a second of a processor. */
const AT_ONCE = 4;
/** The time after which no more roles are checked. */
const LIMIT_MS = 60_000;
/** What a tenant's role needs in its keyspace. */
const NEEDED = ["SELECT", "MODIFY"];

/**
 * Logs in as the role of each tenant that has a keyspace, and compares its permissions with those
 * that it needs. Changes nothing.
 *
 * @throws {Failure} kind `storage`
 */
export function rolesOf(
  session: Session,
  settings: CassandraSettings,
  keys: KeyFile,
  tenants: readonly string[],
): Promise<RolesHealth> {
  return guarded("Cannot check the roles of the tenants", async () => {
    const keyspaces = new Set<unknown>();
    const query = "SELECT keyspace_name FROM system_schema.keyspaces";
    for await (const row of session.rows(query)) keyspaces.add(row["keyspace_name"]);
    const all = tenants.map((tenant) => ({
      tenant,
      role: tenantKeyspace(settings.namespace, tenant),
    })).filter(({ role }) => keyspaces.has(role));
    // The key file is created when it is first used, which a check must not do.
    const operator = settings.user;
    if (!keys.exists()) return { hasKey: false, operator, roles: [], unchecked: all.length };
    const connection = await reachable(session, settings.connection);
    const roles: RoleHealth[] = [];
    // From another one each time, so that several runs check all if one run does not.
    const first = Math.floor(Math.random() * all.length);
    const waiting = [...all.slice(first), ...all.slice(0, first)].values();
    const end = performance.now() + LIMIT_MS;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const { tenant, role } of waiting) {
        if (performance.now() > end) return;
        const login = { user: role, password: keys.passwordOf(role) };
        const permissions = await permissionHealth(session, role);
        const failure = await loginFailure(connection, login);
        const fault = failure?.code ?? permissions.fault;
        roles.push({ tenant, role, ...permissions, fault });
      }
    }));
    roles.sort((a, b) => a.tenant < b.tenant ? -1 : 1);
    return { hasKey: true, operator, roles, unchecked: all.length - roles.length };
  });
}

/** Without the nodes that are down, for which each login would wait. */
async function reachable(
  session: Session,
  connection: ConnectionSettings,
): Promise<ConnectionSettings> {
  const { hosts } = await session.client();
  const up = hosts.values().filter((host) =>
    host.isUp() && host.datacenter === connection.datacenter
  );
  return { ...connection, contactPoints: up.map(({ address }) => address) };
}

type PermissionHealth = Omit<RoleHealth, "tenant" | "role">;

async function permissionHealth(session: Session, role: string): Promise<PermissionHealth> {
  try {
    const all = await permissionsOf(session, role);
    const own = all.filter(({ resource }) => resource === `<keyspace ${role}>`)
      .map(({ permission }) => permission);
    const foreign = all.filter((each) => each.role !== role || !isWithin(role, each.resource));
    return {
      fault: null,
      missing: NEEDED.filter((needed) => !own.includes(needed)),
      excess: [...new Set(foreign.map((each) => revokes(role, each)))],
      isOurs: true,
    };
  } catch (error) {
    const none = { fault: null, missing: [], excess: [], isOurs: true };
    if (isInvalid(error)) return { ...none, missing: NEEDED };
    const { code } = cassandraFailure(error, `Cannot list the permissions of "${role}"`);
    return code === "storage-denied" ? { ...none, isOurs: false } : { ...none, fault: code };
  }
}

function isWithin(keyspace: string, resource: string): boolean {
  return resource === `<keyspace ${keyspace}>` || resource.startsWith(`<table ${keyspace}.`) ||
    resource === `<all tables in ${keyspace}>` || resource === `<all functions in ${keyspace}>`;
}

/** The statement that takes a permission back. */
function revokes(role: string, { role: from, resource, permission }: Permission): string {
  if (from !== role) return `REVOKE ${from} FROM ${role}`;
  const [, kind = "", name = ""] = /^<(all \w+|\w+)(?: in)?(.*)>$/.exec(resource) ?? [];
  const where = resource.includes(" in ") ? " IN KEYSPACE" : "";
  return `REVOKE ${permission} ON ${kind.toUpperCase()}${where}${name} FROM ${role}`;
}
