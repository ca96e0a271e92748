import { UsersFile } from "../../accounts/users.ts";
import { formatCount } from "../../base/count.ts";
import { isTenantName } from "../../base/tenant_name.ts";
import type { RoleHealth, RolesHealth } from "../../storage/health.ts";
import { tenantRoles } from "../../storage/open.ts";
import { type CheckContext, failed, type Finding, list, ok, warning } from "./finding.ts";

const CHECK = "roles";
const CREDENTIALS = "storage-credentials";

/** The roles of Cassandra with which rows are written can log in, and write only where they should. */
export async function checkRoles({ config, layout }: CheckContext): Promise<Finding[]> {
  const tenants = new UsersFile(layout.users).list().map(({ name }) => name).filter(isTenantName);
  const health = await tenantRoles(config, tenants);
  return health === null ? [] : rolesFindings(health);
}

/** The findings for the tenants' roles; a single one when they have no problem. */
export function rolesFindings(health: RolesHealth): Finding[] {
  if (!health.hasKey) return health.unchecked === 0 ? [] : [keyMissing(health.unchecked)];
  const findings = [strangers, logins, permissions, excess].flatMap((check) => check(health));
  if (health.unchecked > 0) findings.push(unchecked(health));
  if (findings.length > 0) return findings;
  const roles = formatCount(health.roles.length, "role");
  return [ok(CHECK, `${roles} of tenants can log in, and read and write only in their keyspaces`)];
}

function keyMissing(roles: number): Finding {
  return failed(
    CHECK,
    `db/cassandra.key is missing, the key to the passwords of ${formatCount(roles, "role")}`,
    "Restore it from the backup, or copy it from another machine of the platform. If it is lost, " +
      "run mysimbdp manage tenant add NAME for each tenant: the roles get new passwords.",
  );
}

/** Roles that `tenant add` cannot repair, for example after a restore of `system_auth`. */
function strangers({ operator, roles }: RolesHealth): Finding[] {
  const found = roles.filter(({ isOurs }) => !isOurs);
  if (found.length === 0) return [];
  const what = `"${operator}" did not create these roles and cannot change them`;
  return [warning(
    CHECK,
    `${what}: ${list(found.map(({ role }) => role))}`,
    `As a superuser, run GRANT ALL PERMISSIONS ON ROLE ${found[0]?.role} TO ${operator}.`,
  )];
}

function logins({ roles }: RolesHealth): Finding[] {
  const wrong = roles.filter(({ fault }) => fault === CREDENTIALS);
  const other = roles.filter(({ fault }) => fault !== null && fault !== CREDENTIALS);
  const findings: Finding[] = [];
  if (wrong.length > 1 && wrong.length === roles.length) {
    const key = "db/cassandra.key is probably not the key with which they were created";
    findings.push(failed(
      CHECK,
      `no tenant's role can log in: ${key}`,
      `Restore that key, or copy it from another machine of the platform. If it is lost, ${
        repair(wrong)
      }: the roles get new passwords.`,
    ));
  } else if (wrong.length > 0) {
    findings.push(failed(
      CHECK,
      `the cluster refuses the logins of the roles of ${tenantsOf(wrong)}; their files wait`,
      `If somebody changed or dropped these roles, ${repair(wrong)}, which restores them.`,
    ));
  }
  if (other.length > 0) {
    const codes = [...new Set(other.map(({ fault }) => fault))].join(", ");
    findings.push(failed(
      CHECK,
      `the roles of ${tenantsOf(other)} cannot log in now: ${codes}`,
      "Start the nodes that are down, and replicate system_auth: see docs/cassandra.md.",
    ));
  }
  return findings;
}

function permissions({ roles }: RolesHealth): Finding[] {
  // A role that cannot log in is reported already, with the same repair.
  const found = roles.filter(({ fault, missing }) => fault === null && missing.length > 0);
  if (found.length === 0) return [];
  const names = list(found.map(({ tenant, missing }) => `${tenant} (${missing.join(", ")})`));
  const text = repair(found);
  return [failed(
    CHECK,
    `roles lack permissions in their keyspaces: ${names}`,
    `${text.charAt(0).toUpperCase()}${text.slice(1)}, which grants them.`,
  )];
}

function excess({ roles }: RolesHealth): Finding[] {
  const found = roles.filter((role) => role.excess.length > 0);
  if (found.length === 0) return [];
  const revokes = found.flatMap((role) => role.excess);
  return [warning(
    CHECK,
    `roles have permissions outside their keyspaces: ${tenantsOf(found)}`,
    `As a superuser, run ${list(revokes, "; ")}.`,
  )];
}

function unchecked({ roles, unchecked }: RolesHealth): Finding {
  const all = formatCount(roles.length + unchecked, "role");
  return warning(
    CHECK,
    `only ${roles.length} of ${all} were checked, because the cluster answers slowly`,
    "Run doctor again when the cluster is less busy.",
  );
}

function repair(roles: readonly RoleHealth[]): string {
  const [first, ...more] = roles;
  const command = "run mysimbdp manage tenant add";
  return more.length === 0 ? `${command} ${first?.tenant}` : `${command} NAME for each of them`;
}

function tenantsOf(roles: readonly RoleHealth[]): string {
  return list(roles.map(({ tenant }) => tenant));
}
