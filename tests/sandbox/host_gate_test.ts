import assert from "node:assert/strict";
import { parseTenantJson } from "../../src/config/tenant_json.ts";
import { hostGate, writableTables } from "../../src/sandbox/host/host_gate.ts";
import { Outbound } from "../../src/sandbox/host/outbound.ts";
import type { TableSpec, Value } from "../../src/batch/column.ts";

const STATIONS: TableSpec = {
  name: "stations",
  columns: [
    { name: "id", type: "int" },
    { name: "day", type: "date" },
    { name: "open", type: "boolean" },
  ],
  partitionKey: ["id"],
  clusteringKey: ["day"],
};
const { permissions } = parseTenantJson(
  '{"permissions":{"write":["readings"],"read":["stations"]}}',
  "tenant.json",
);

function gate(asked: Value[][][]) {
  const outbound = new Outbound({
    hosts: [],
    whyNot: "the platform does not allow this host (modules.net_hosts)",
    privateHosts: [],
    seconds: 1,
    maxBytes: 1,
    maxRequests: 0,
  });
  return hostGate({
    permissions,
    tables: [STATIONS, { ...STATIONS, name: "readings" }],
    outbound,
    lookUp: (_table, keys) => {
      asked.push(keys);
      return Promise.resolve(keys.map(([id = null, day = null]) => id === 1 ? [id, day, 1] : null));
    },
  });
}

Deno.test("keys are converted to their columns' types; a key that no row can have is not looked up", async () => {
  const asked: Value[][][] = [];
  const keys = [["1", "2024-03-01"], ["x", "2024-03-01"], [2, "2024-03-01"], [1, null]];
  const { lookups } = await gate(asked)({
    id: 0,
    lookups: [{ table: "stations", keys }],
    fetches: [],
  });
  assert.deepEqual(asked, [[[1, "2024-03-01"], [2, "2024-03-01"]]]);
  assert.deepEqual(lookups, [{
    rows: [{ id: 1, day: "2024-03-01", open: true }, null, null, null],
  }]);
});

Deno.test("a key with too few parts is reported to the module", async () => {
  const ask = { id: 0, lookups: [{ table: "stations", keys: [["1"]] }], fetches: [] };
  const { lookups } = await gate([])(ask);
  assert.deepEqual(lookups, [{
    error: 'the key of "stations" is id, day: pass a value for each column',
  }]);
});

Deno.test("a sandbox that requests a table without permission is not trusted", async () => {
  for (const table of ["readings", "others", "_mysimbdp_loads"]) {
    const ask = { id: 0, lookups: [{ table, keys: [["1", "2024-03-01"]] }], fetches: [] };
    await assert.rejects(gate([])(ask), { code: "sandbox-forged" });
  }
});

Deno.test("a table that is only read is not writable", () => {
  const tables = [STATIONS, { ...STATIONS, name: "readings" }];
  assert.deepEqual(writableTables(tables, permissions).map(({ name }) => name), ["readings"]);
});
