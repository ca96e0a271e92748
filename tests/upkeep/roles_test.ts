import assert from "node:assert/strict";
import type { RoleHealth, RolesHealth } from "../../src/storage/health.ts";
import { rolesFindings } from "../../src/upkeep/doctor/roles.ts";

const role = (tenant: string, change: Partial<RoleHealth> = {}): RoleHealth => ({
  tenant,
  role: `t_${tenant}`,
  fault: null,
  missing: [],
  excess: [],
  isOurs: true,
  ...change,
});

/** The findings for these roles, as `state: what -> hint`. */
function findings(roles: RoleHealth[], change: Partial<RolesHealth> = {}): string[] {
  const health = { hasKey: true, operator: "mysimbdp", roles, unchecked: 0, ...change };
  return rolesFindings(health).map(({ check, state, what, hint }) => {
    assert.equal(check, "roles");
    return `${state}: ${what}${hint ? ` -> ${hint}` : ""}`;
  });
}

Deno.test("doctor: roles without problems are one line, and no tenants are none", () => {
  assert.deepEqual(findings([role("one"), role("two")]), [
    "ok: 2 roles of tenants can log in, and read and write only in their keyspaces",
  ]);
  assert.deepEqual(findings([], { hasKey: false }), []);
});

Deno.test("doctor: each problem of a role is reported with the command that repairs it", () => {
  const refused = { fault: "storage-credentials" };
  assert.deepEqual(findings([role("one", refused), role("two")]), [
    "failed: the cluster refuses the logins of the roles of one; their files wait -> If somebody " +
    "changed or dropped these roles, run mysimbdp manage tenant add one, which restores them.",
  ]);
  const all = findings([role("one", refused), role("two", refused)]);
  assert.match(
    all[0] ?? "",
    /^failed: no tenant's role can log in: db\/cassandra\.key is probably/,
  );
  const missing = findings([role("one")], { hasKey: false, roles: [], unchecked: 3 });
  assert.match(missing[0] ?? "", /^failed: db\/cassandra\.key is missing, .* 3 roles -> Restore/);
  const down = findings([role("one", { fault: "storage-unavailable" }), role("two")]);
  assert.match(down[0] ?? "", /^failed: the roles of one cannot log in now: storage-unavailable/);
  assert.deepEqual(findings([role("one", { missing: ["MODIFY"] }), role("two")]), [
    "failed: roles lack permissions in their keyspaces: one (MODIFY) -> " +
    "Run mysimbdp manage tenant add one, which grants them.",
  ]);
  const revoke = "REVOKE MODIFY ON KEYSPACE t_two FROM t_one";
  assert.deepEqual(findings([role("one", { excess: [revoke] }), role("two")]), [
    `warning: roles have permissions outside their keyspaces: one -> As a superuser, run ${revoke}.`,
  ]);
  assert.deepEqual(findings([role("one", { isOurs: false })]), [
    'warning: "mysimbdp" did not create these roles and cannot change them: t_one -> ' +
    "As a superuser, run GRANT ALL PERMISSIONS ON ROLE t_one TO mysimbdp.",
  ]);
  assert.match(
    findings([role("one")], { unchecked: 99 })[0] ?? "",
    /^warning: only 1 of 100 roles were checked/,
  );
});
