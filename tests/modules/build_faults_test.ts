import assert from "node:assert/strict";
import { buildFiles } from "../../src/modules/build/build.ts";
import type { BuiltModule } from "../../src/modules/store.ts";
import { ModuleFault } from "../../src/sandbox/host/sandbox_failures.ts";

const INGEST = `import { csv, defineIngest } from "mysimbdp";
const KEY = ["id"];
export default defineIngest({
  files: "*.csv",
  format: csv({ header: true }),
  tables: {
    readings: { columns: { id: "uuid", day: "date" }, partitionKey: KEY },
    stations: { columns: { id: "text" }, partitionKey: ["id"] },
  },
  row: (record, ctx) => ({ readings: { id: ctx.rowId, day: record["day"] } }),
});
`;

/** Builds a module with replaced parts. */
function build(
  replaced: Record<string, string>,
  files: Record<string, string> = {},
): Promise<BuiltModule> {
  const text = Object.entries(replaced).reduce((text, [from, to]) => {
    assert.ok(text.includes(from), from);
    return text.replace(from, to);
  }, INGEST);
  return buildFiles({ "ingest.ts": text, ...files }, "");
}

/** The faults of a build, one in a line. */
async function faultsOf(...args: Parameters<typeof build>): Promise<string[]> {
  try {
    await build(...args);
  } catch (error) {
    if (!(error instanceof ModuleFault)) throw error;
    assert.equal(error.kind, "usage");
    return error.message.split("\n").slice(1);
  }
  throw new Error("it was built");
}

Deno.test("without tenant.json a module may write the tables that it declares", async () => {
  const { tenantJson } = await build({});
  assert.deepEqual(tenantJson, {
    entry: "ingest.ts",
    permissions: { write: ["readings", "stations"], read: [], net: [], secrets: [] },
    limits: { memoryMb: 256, rejectShare: 0.01 },
  });
});

Deno.test("tables that are read are written only if tenant.json says so", async () => {
  const writable = async (permissions: object) => {
    const { tenantJson } = await build({}, { "tenant.json": JSON.stringify({ permissions }) });
    return tenantJson.permissions.write;
  };
  assert.deepEqual(await writable({ net: ["a.example"] }), ["readings", "stations"]);
  assert.deepEqual(await writable({ read: ["stations"] }), ["readings"]);
  assert.deepEqual(await writable({ read: ["stations"], write: ["readings", "stations"] }), [
    "readings",
    "stations",
  ]);
});

Deno.test("an empty tenant.json is a fault", async () => {
  assert.deepEqual(await faultsOf({}, { "tenant.json": "" }), [
    "tenant.json:1:1: it is not JSON: it is empty",
  ]);
});

Deno.test("all faults of tenant.json and of the declaration are reported, sorted by place", async () => {
  const faults = await faultsOf({
    '"uuid"': '{ type: "uuid", trim: true, fromm: "x" }',
    '["id"];': '["ident"];',
    'files: "*.csv"': "files: 5",
    "header: true": 'header: true, delimeter: ";"',
    'partitionKey: ["id"] }': 'partitionKey: ["id"], clusteringKeys: [] }',
  }, {
    "tenant.json": `{
  "limits": { "memoryMB": 5, "rejectShare": 2 },
  "permissions": { "read": ["a b"], "exec": [] },
  "entri": "a.ts"
}`,
  });
  const places = faults.map((fault) => fault.replace(/^(\S+:\d+):\d+: ([^:]*): .*/, "$1 $2"));
  assert.deepEqual(places, [
    "ingest.ts:2 tables.readings.partitionKey",
    "ingest.ts:4 files",
    "ingest.ts:5 format.options.delimeter",
    "ingest.ts:7 tables.readings.columns.id.fromm",
    "ingest.ts:8 tables.stations.clusteringKeys",
    "tenant.json:2 limits.memoryMB",
    "tenant.json:2 limits.rejectShare",
    "tenant.json:3 permissions.read.0",
    "tenant.json:3 permissions.exec",
    "tenant.json:4 entri",
  ]);
});

Deno.test("a misspelt setting of a module is a fault", async () => {
  const faults = await faultsOf({ 'files: "*.csv"': 'allowempty: true, files: "*.csv"' });
  assert.equal(faults.length, 1);
  assert.match(
    faults[0] ?? "",
    /^ingest\.ts:4:\d+: allowempty: unknown option; did you mean "allowEmpty"\?$/,
  );
});

Deno.test("syntax errors come together with the faults of tenant.json", async () => {
  const files = { "lib.ts": "export const x = ;", "tenant.json": '{ "limits": 5 }' };
  const faults = await faultsOf(
    { 'const KEY = ["id"];': 'import "./lib.ts"; const KEY = ["id"]; let let = 1;' },
    files,
  );
  assert.match(faults[0] ?? "", /^ingest\.ts:2:/);
  assert.match(faults.at(-2) ?? "", /^lib\.ts:1:/);
  assert.match(faults.at(-1) ?? "", /^tenant\.json:1:3: limits: /);
});

Deno.test("each table without permission is named", async () => {
  const permissions = { write: ["others"], read: ["nowhere", "stations", "elsewhere"] };
  const text = JSON.stringify({ permissions });
  assert.deepEqual(await faultsOf({}, { "tenant.json": text }), [
    'tenant.json:1:17: the module declares the table "readings" but has no permission to write it.' +
    ' Remove "write", or set "permissions": {"write": ["others","readings"]}',
    `tenant.json:1:${text.indexOf('"nowhere"') + 1}: the module has permission to read the table ` +
    '"nowhere" but does not declare it. Declare the table with the columns and the key that it has ' +
    "in the storage.",
    `tenant.json:1:${
      text.indexOf('"elsewhere"') + 1
    }: the module has permission to read the table ` +
    '"elsewhere" but does not declare it. Declare the table with the columns and the key that it ' +
    "has in the storage.",
  ]);
});

Deno.test("a program's faults are those of its declaration.json and tenant.json", async () => {
  const declaration = { files: 5, tables: { t: { columns: { id: "uid" }, partitionKey: ["k"] } } };
  const tenantJson = {
    entry: "a.wasm",
    permissions: { read: ["t"], net: ["a.example"], secrets: ["KEY"] },
  };
  const files = {
    "a.wasm": "",
    "declaration.json": JSON.stringify(declaration),
    "tenant.json": JSON.stringify(tenantJson),
  };
  const faults = await faultsOf({}, files);
  assert.deepEqual(faults.map((fault) => fault.replace(/^(\S+):\d+:\d+: (\S+).*/, "$1 $2")), [
    "declaration.json files:",
    "declaration.json tables.t.columns.id:",
    "declaration.json tables.t.partitionKey:",
    'tenant.json "permissions.read"',
    'tenant.json "permissions.net"',
    'tenant.json "permissions.secrets"',
  ]);
});
