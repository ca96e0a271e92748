import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll, type ModuleFiles, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";

/** Returns the valid module with one part of its entry replaced. */
function changed(piece: string, by: string): ModuleFiles {
  const files = keepAll();
  const entry = files["ingest.ts"] ?? "";
  assert.ok(entry.includes(piece));
  return { ...files, "ingest.ts": entry.replace(piece, by) };
}

/** Returns the number of the line of a module's entry that has a text. */
function lineOf(files: ModuleFiles, text: string): number {
  const lines = (files["ingest.ts"] ?? "").split("\n");
  return lines.findIndex((line) => line.includes(text)) + 1;
}

const imported = (statement: string) => changed("void [", `${statement}\nvoid [`);
const helper = keepAll({ before: "double(1);" });
helper["ingest.ts"] = `import { double } from "./helper.ts";\n${helper["ingest.ts"]}`;

/** The fault, the module, a text on the faulty line, and the place if it is not in the entry. */
const FAULTS: [string, ModuleFiles, string, string?][] = [
  ["a syntax error", changed("row(record, ctx) {", "row(record, ctx {"), "row(record, ctx {"],
  [
    "a syntax error in a file that it imports",
    { ...helper, "helper.ts": "export const half = 1;\nexport function double(x { return x; }\n" },
    "",
    "helper.ts:2:",
  ],
  ["an import of a package", imported('import "lodash";'), 'import "lodash";'],
  ["an import of Node", imported('import "node:fs";'), 'import "node:fs";'],
  ["an import by URL", imported('import "https://x.invalid/y.js";'), "https://x.invalid"],
  ["an import from outside", imported('import "../../x.ts";'), "../../x.ts"],
  ["an import of a missing file", imported('import "./x.ts";'), "./x.ts"],
  ["a dynamic import", changed("return {", 'import("./x.ts");\n    return {'), 'import("./x.ts")'],
  ["an unknown type", changed('line: "int"', 'line: "number"'), 'line: "number"'],
  ["a key that is not a column", changed('["id"]', '["ident"]'), "partitionKey"],
  ["no partition key", changed('["id"]', "[]"), "partitionKey"],
  [
    "a table name with upper-case letters",
    changed("items: {\n      columns", "Items: {\n      columns"),
    "Items",
  ],
  ["a misspelt row", changed("row(record, ctx) {", "rows(record, ctx) {"), "rows(record, ctx) {"],
  ["no default export", changed("export default", "export const ingest ="), ""],
  ["a module that throws when it is loaded", imported('throw new Error("no");'), ""],
];

Deno.test("deploy reports each fault with file and line, exits with 2 and changes nothing", async (t) => {
  await using platform = await Platform.create();
  await platform.deploy("t1", keepAll());
  const current = () => Deno.readLinkSync(join(platform.data, "tenants/t1/current"));
  const before = current();
  for (const [what, files, text, where] of FAULTS) {
    await t.step(what, async () => {
      const dir = await writeModule(await platform.scratch(), files);
      const { code, stderr } = await platform.run("manage", "tenant", "deploy", "t1", dir);
      assert.equal(code, 2, stderr);
      const line = text === "" ? "\\d+" : String(lineOf(files, text));
      assert.match(stderr, where ? new RegExp(where) : new RegExp(`ingest\\.ts:${line}:\\d+: \\S`));
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
  }
  assert.equal(current(), before);
  assert.deepEqual(await platform.list("tenants", "t1"), [".lock", before, "current"].sort());
});

Deno.test("deploy checks tenant.json", async (t) => {
  await using platform = await Platform.create();
  platform.addTenant("t1");
  const cases: [string, string, RegExp][] = [
    ["a table without write permission", '{"permissions":{"write":["other"]}}', /"items"/],
    ["an unknown limit", '{\n"limits":{"memory":1}}', /tenant\.json:2:/],
    ["invalid JSON", "{\n\n]", /tenant\.json:3:/],
    ["a missing entry", '{"entry":"main.ts"}', /"main\.ts"/],
    ["an entry outside the folder", '{"entry":"../main.ts"}', /tenant\.json:1:/],
  ];
  for (const [what, text, expected] of cases) {
    await t.step(what, async () => {
      const files = { ...keepAll(), "tenant.json": text };
      const dir = await writeModule(await platform.scratch(), files);
      const { code, stderr } = await platform.run("manage", "tenant", "deploy", "t1", dir);
      assert.ok(code === 1 || code === 2, `${code}: ${stderr}`);
      assert.match(stderr, expected);
      assert.match(stderr, /tenant\.json/);
    });
  }
  assert.deepEqual(await platform.list("tenants", "t1"), []);
});

Deno.test("a new version can add columns but not change a type", async () => {
  await using platform = await Platform.create();
  await platform.deploy("t1", keepAll());
  await platform.stage("t1", "a.csv", "x\n1\n");
  const manage = platform.manage();
  await platform.settled("t1", "a.csv");
  await platform.deploy("t1", changed('content: "text"', 'content: "text", more: "int"'));
  await platform.stage("t1", "b.csv", "x\n2\n");
  await platform.settled("t1", "b.csv");
  assert.equal(platform.count("t1", "items"), 2);
  const other = changed('line: "int"', 'line: "text"');
  const dir = await writeModule(await platform.scratch(), other);
  const { code, stderr } = await platform.run("manage", "tenant", "deploy", "t1", dir);
  assert.notEqual(code, 0);
  assert.match(stderr, /column "line" is text, but int in the storage/);
  assert.equal((await manage.stop()).code, 0);
});
