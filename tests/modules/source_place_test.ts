import assert from "node:assert/strict";
import fc from "fast-check";
import { SourcePlaces } from "../../src/modules/build/source_place.ts";
import { tokensOf } from "../../src/modules/build/source_tokens.ts";

const SOURCE = `import { csv, defineIngest } from "mysimbdp";
import { other as SHARED } from "./lib/tables.ts";
// tables: { readings: { columns: "a comment" } }
const PATTERN = /[/"]tables: {/;
const text = \`tables: { \${[1, 2].map((n) => \`{ \${n}\`).join("}")}\`;
const KEY: readonly string[] = ["station", "dey"];
export default defineIngest({
  files: ["*.csv", ""],
  format: csv({ header: true, "delimiter": ";;" }),
  tables: {
    readings: {
      columns: { station: "text", "day": { type: "date", format: "QQ" }, },
      partitionKey: ["station"],
      clusteringKey: KEY,
    },
    shared: SHARED,
  },
  row(record) { return { tables: { readings: { columns: 1 } } }; },
  allow: 5,
});
`;
const FILES = {
  "ingest.ts": SOURCE,
  "lib/tables.ts": `export const other = {\n  columns: { a: "txt" },\n} as const;\n`,
};

function placeOf(path: string, files: Record<string, string> = FILES): string {
  const { file, line, column } = new SourcePlaces(files).find("ingest.ts", path.split("."));
  return `${file}:${line}:${column}`;
}

/** The position of a text in the source. */
function at(text: string, source = SOURCE, file = "ingest.ts"): string {
  const before = source.slice(0, source.indexOf(text)).split("\n");
  return `${file}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
}

Deno.test("a part of a declaration is found in the sources", () => {
  assert.equal(placeOf("files"), at("files: ["));
  assert.equal(placeOf("files.1"), at('""'));
  assert.equal(placeOf("format.options.delimiter"), at('"delimiter"'));
  assert.equal(placeOf("format.kind"), at("format: csv"));
  assert.equal(placeOf("tables.readings.columns.day.format"), at('format: "QQ"'));
  assert.equal(placeOf("tables.readings.partitionKey.0"), at('"station"]'));
  assert.equal(placeOf("allow"), at("allow: 5"));
});

Deno.test("a part that is missing is at the part around it", () => {
  assert.equal(placeOf("entries"), at("export default"));
  assert.equal(placeOf("tables.readings.columns.rain"), at("columns: { station"));
});

Deno.test("variables are followed, also into other files", () => {
  assert.equal(placeOf("tables.readings.clusteringKey.1"), at('"dey"'));
  const lib = FILES["lib/tables.ts"];
  assert.equal(placeOf("tables.shared.columns.a"), at("a:", lib, "lib/tables.ts"));
  const parts = {
    "ingest.ts": `const tables = { t: { columns: 1 } };
const ingest = defineIngest({ tables });
export default ingest;`,
  };
  assert.equal(placeOf("tables.t.columns", parts), at("columns", parts["ingest.ts"]));
  assert.equal(placeOf("tables", { "ingest.ts": "export default ingest;" }), "ingest.ts:1:1");
  assert.equal(placeOf("a", { "ingest.ts": "const a = a;\nexport default a;" }), "ingest.ts:2:1");
});

Deno.test("any text gives tokens that lie in it, in order", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."a1 \n{}[]()'\"`$/\\*,:;=") }), (text) => {
      let end = 0;
      for (const token of tokensOf(text)) {
        assert.ok(token.index >= end && token.index < text.length);
        end = token.index + 1;
      }
      new SourcePlaces({ "ingest.ts": `export default {${text}` }).find("ingest.ts", ["a", "a"]);
    }),
  );
});

Deno.test("a text that is made to be slow is searched in time proportional to its length", () => {
  const pieces = ["/*", "`${", "'\\'", '"', "/[", "=/", "((", "{a:", "import {", "const a ="];
  for (const piece of pieces) {
    const text = `export default {${piece.repeat(200_000 / piece.length)}`;
    new SourcePlaces({ "ingest.ts": text }).find("ingest.ts", ["a", "a", "a"]);
  }
});
