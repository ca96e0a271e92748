import assert from "node:assert/strict";
import { join } from "node:path";
import type { Client } from "cassandra-driver";
import { newClient } from "../../src/storage/cassandra/session.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { tenantRoles } from "../../src/storage/open.ts";
import { rolesFindings } from "../../src/upkeep/doctor/roles.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { CassandraPlatform } from "../harness/cassandra_platform.ts";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { pause } from "../harness/until.ts";

const ignore = await whyNoCassandra() !== null;
/** Nodes keep permissions and roles for 2 s. */
const CACHED_MS = 2_100;

Deno.test({
  name: "cassandra: a reader reads the rows of one tenant and nothing else, until it is removed",
  ignore,
  async fn(t) {
    await using on = await CassandraPlatform.create();
    const { platform } = on;
    for (const tenant of ["one", "two"]) {
      await platform.deploy(tenant, keepAll());
      await platform.stage(tenant, "a.csv", "a\n1\n2\n");
    }
    await platform.must("manage", "--once");

    await t.step("add-reader prints what a reader needs", async () => {
      const text = await platform.must("manage", "tenant", "add-reader", "one", "anna");
      const keyspace = on.keyspace("one");
      const role = `${on.namespace}_r_one__anna`;
      assert.match(text, new RegExp(`^role +${role}$`, "m"));
      assert.match(text, new RegExp(`^keyspace +${keyspace}, read-only$`, "m"));
      assert.match(text, /^tables +items$/m);
      const [host, port] = on.cluster.hosts[0]!.split(":");
      const command = `cqlsh ${host} ${port ?? 9042} -u ${role} -k ${keyspace}\n`;
      assert.ok(text.endsWith(`\n${command}`), text);
      const again = await platform.run("manage", "tenant", "add-reader", "one", "anna");
      assert.equal(again.code, 2);
      assert.match(again.stderr, /role ".*" exists\n.*add-reader one anna --reset-password/);
    });

    const { role, password } = await resetPassword(on, "one", "anna");
    await using reader = await connected(on, role, password);
    await t.step("it reads its own keyspace, and may do nothing else", async () => {
      const own = `"${on.keyspace("one")}".items`;
      const { rows } = await reader.client.execute(`SELECT line FROM ${own}`);
      assert.equal(rows.length, 2);
      const id = crypto.randomUUID();
      const other = `"${on.keyspace("two")}".items`;
      const forbidden = [
        `INSERT INTO ${own} (id, line) VALUES (${id}, 1)`,
        `DELETE FROM ${own} WHERE id = ${id}`,
        `TRUNCATE ${own}`,
        `ALTER TABLE ${own} ADD more text`,
        `DROP TABLE ${own}`,
        `SELECT * FROM ${other}`,
        `SELECT * FROM mysimbdp_${on.namespace}.files`,
        `SELECT * FROM system_auth.roles`,
        `CREATE ROLE ${on.namespace}_more`,
        `GRANT SELECT ON KEYSPACE "${on.keyspace("one")}" TO "${on.keyspace("two")}"`,
      ];
      for (const cql of forbidden) {
        await assert.rejects(reader.client.execute(cql), { code: 0x2100 }, cql);
      }
    });

    await t.step(
      "tenant show lists readers by tenant, also when one name starts another",
      async () => {
        await platform.must("manage", "tenant", "add-reader", "one", "bi_tool");
        await platform.must("manage", "tenant", "add-reader", "two", "anna");
        const shown = JSON.parse(await platform.must("manage", "tenant", "show", "one", "--json"));
        assert.deepEqual(shown.readers, ["anna", "bi_tool"]);
        assert.match(await platform.must("manage", "tenant", "show", "two"), /^readers +anna$/m);
      },
    );

    await t.step("after remove-reader its open connection reads nothing either", async () => {
      const removed = await platform.must("manage", "tenant", "remove-reader", "one", "anna");
      assert.equal(removed, "removed anna of one\n");
      await pause(CACHED_MS);
      const read = reader.client.execute(`SELECT line FROM "${on.keyspace("one")}".items`);
      await assert.rejects(read, { code: 0x2100 });
      await assert.rejects(connected(on, role, password));
      const missing = await platform.run("manage", "tenant", "remove-reader", "one", "anna");
      assert.equal(missing.code, 2);
      assert.match(missing.stderr, /there is no such reader/);
    });

    await t.step("the audit log has every change and no password", async () => {
      const log = await Deno.readTextFile(join(platform.data, "audit.log"));
      for (const action of ["reader.add", "reader.password", "reader.remove"]) {
        assert.ok(log.includes(`"action":"${action}","subject":"one"`), action);
      }
      assert.ok(!log.includes(password));
    });

    await t.step(
      "doctor reports roles that were changed, and tenant deploy repairs them",
      async () => {
        const settings = { data: platform.data, storage: { url: on.url } };
        const roles = async () => {
          const health = await tenantRoles(settings, ["none", "one", "two"]);
          return rolesFindings(health!).map(({ what }) => what);
        };
        const fine = "2 roles of tenants can log in, and read and write only in their keyspaces";
        assert.deepEqual(await roles(), [fine]);
        const [one, two] = [on.keyspace("one"), on.keyspace("two")];
        for (
          const cql of [
            `ALTER ROLE "${one}" WITH PASSWORD = 'changed'`,
            `REVOKE MODIFY ON KEYSPACE "${two}" FROM "${two}"`,
            `GRANT SELECT ON KEYSPACE "${one}" TO "${two}"`,
          ]
        ) await on.client.execute(cql);
        await pause(CACHED_MS);
        assert.deepEqual(await roles(), [
          "the cluster refuses the logins of the roles of one; their files wait",
          "roles lack permissions in their keyspaces: two (MODIFY)",
          "roles have permissions outside their keyspaces: two",
        ]);
        await on.client.execute(`REVOKE SELECT ON KEYSPACE "${one}" FROM "${two}"`);
        for (const tenant of ["one", "two"]) await platform.deploy(tenant, keepAll());
        await pause(CACHED_MS);
        assert.deepEqual(await roles(), [fine]);
      },
    );

    await t.step("without its key doctor names the file and does not create another", async () => {
      const key = join(platform.data, "db/cassandra.key");
      await Deno.rename(key, `${key}.away`);
      const { code, stdout } = await platform.run("manage", "doctor");
      assert.equal(code, 1);
      assert.match(stdout, /^failed +roles +db\/cassandra\.key is missing, .* 2 roles$/m);
      await assert.rejects(Deno.stat(key), Deno.errors.NotFound);
    });
  },
});

Deno.test("with SQLite add-reader is refused, and the hint reads the rows", async () => {
  await using platform = await Platform.create();
  platform.addTenant("one");
  const { code, stderr } = await platform.run("manage", "tenant", "add-reader", "one", "anna");
  assert.equal(code, 2);
  assert.match(stderr, /SQLite has no roles\n.*sqlite3 -readonly .*\/db\/tenants\/one\.sqlite/);
});

async function resetPassword(on: CassandraPlatform, tenant: string, reader: string) {
  const args = ["manage", "tenant", "add-reader", tenant, reader, "--reset-password", "--json"];
  return JSON.parse(await on.platform.must(...args)) as { role: string; password: string };
}

/** A client that is connected to the cluster as this role. */
async function connected(
  on: CassandraPlatform,
  user: string,
  password: string,
): Promise<AsyncDisposable & { client: Client }> {
  const client = await newClient(parseStorageUrl(on.url, "").connection, { user, password });
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw error;
  }
  return { client, [Symbol.asyncDispose]: () => client.shutdown() };
}
