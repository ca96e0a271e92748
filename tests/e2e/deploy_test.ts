import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll, type ModuleFiles, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";

/** The good module with one piece of its entry replaced. */
function spoilt(piece: string, by: string): ModuleFiles {
  const files = keepAll();
  const entry = files["ingest.ts"] ?? "";
  assert.ok(entry.includes(piece));
  return { ...files, "ingest.ts": entry.replace(piece, by) };
}

/** The number of the line in a module's entry on which a text stands. */
function lineOf(files: ModuleFiles, text: string): number {
  const lines = (files["ingest.ts"] ?? "").split("\n");
  return lines.findIndex((line) => line.includes(text)) + 1;
}

const imported = (statement: string) => spoilt("void [", `${statement}\nvoid [`);
const helper = keepAll({ before: "double(1);" });
helper["ingest.ts"] = `import { double } from "./helper.ts";\n${helper["ingest.ts"]}`;

/** What is wrong, the module, the text on whose line it is, and where that is when not in the entry. */
const FAULTS: [string, ModuleFiles, string, string?][] = [
  ["a syntax error", spoilt("row(record, ctx) {", "row(record, ctx {"), "row(record, ctx {"],
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
  ["a file that is not there", imported('import "./x.ts";'), "./x.ts"],
  ["a dynamic import", spoilt("return {", 'import("./x.ts");\n    return {'), 'import("./x.ts")'],
  ["an unknown type", spoilt('line: "int"', 'line: "number"'), 'line: "number"'],
  ["a key that is no column", spoilt('["id"]', '["ident"]'), "partitionKey"],
  ["no partition key", spoilt('["id"]', "[]"), "partitionKey"],
  [
    "a table's name with capitals",
    spoilt("items: {\n      columns", "Items: {\n      columns"),
    "Items",
  ],
  ["no row function", spoilt("row(record, ctx) {", "rows(record, ctx) {"), "export default"],
  ["no default export", spoilt("export default", "export const ingest ="), ""],
  ["a module that throws when it is loaded", imported('throw new Error("no");'), ""],
];

Deno.test("deploy tells each fault with file and line, exits with 2 and changes nothing", async (t) => {
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

Deno.test("deploy holds a module to its tenant.json", async (t) => {
  await using platform = await Platform.create();
  const cases: [string, string, RegExp][] = [
    ["a table that it may not write", '{"permissions":{"write":["other"]}}', /"items"/],
    ["a limit that there is not", '{\n"limits":{"memory":1}}', /tenant\.json:2:/],
    ["no JSON", "{\n\n]", /tenant\.json:3:/],
    ["an entry that is not there", '{"entry":"main.ts"}', /"main\.ts"/],
    ["an entry from outside", '{"entry":"../main.ts"}', /tenant\.json:1:/],
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

Deno.test("a new version widens its table; what would lose rows is refused", async () => {
  await using platform = await Platform.create();
  await platform.deploy("t1", keepAll());
  await platform.stage("t1", "a.csv", "x\n1\n");
  const manage = platform.manage();
  await platform.settled("t1", "a.csv");
  await platform.deploy("t1", spoilt('content: "text"', 'content: "text", more: "int"'));
  await platform.stage("t1", "b.csv", "x\n2\n");
  await platform.settled("t1", "b.csv");
  assert.equal(platform.count("t1", "items"), 2);
  const other = spoilt('line: "int"', 'line: "text"');
  const dir = await writeModule(await platform.scratch(), other);
  const { code, stderr } = await platform.run("manage", "tenant", "deploy", "t1", dir);
  assert.notEqual(code, 0);
  assert.match(stderr, /"line" is int there, text here/);
  assert.equal((await manage.stop()).code, 0);
});
