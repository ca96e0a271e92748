/**
 * The work of a sandbox without the sandbox: the same reader, module, conversion and batches in one
 * thread of one process. `plain_loop.ts FILE` prints `{"rows","seconds"}`: the number of rows, and the
 * time from the first byte to the last row.
 *
 * @module
 */
import type { CsvFormat } from "../../../src/sdk/csv.ts";
import { decodeBatch } from "../../../src/batch/batch.ts";
import { parseDeclaration } from "../../../src/sandbox/wire/declaration.ts";
import { recordReader } from "../../../src/sandbox/formats/record_reader.ts";
import { RepeatedKeys } from "../../../src/sandbox/worker/repeated_keys.ts";
import { RunOutput } from "../../../src/sandbox/worker/run_output.ts";
import ingest from "../tenant/ingest.ts";

const PIECE_BYTES = 256 * 1024;

const path = Deno.args[0] ?? "";
const { files, format, tables: declared } = ingest;
const { tables } = parseDeclaration(
  JSON.parse(JSON.stringify({ files, format, tables: declared })),
);
let rows = 0;
const compiled = (code: string) => new Function(`return ${code}`)();
const out = new RunOutput(
  tables,
  (names) => compiled(`(row) => [${names.map((name) => `row[${JSON.stringify(name)}]`)}]`),
  new RepeatedKeys(tables, {
    sha256: "0".repeat(64),
    maxBytes: Infinity,
    placeOf: (position) => `line ${position}`,
  }),
  (message) => {
    if (message.type === "batch") rows += decodeBatch(message.bytes, tables).rows;
  },
);
let make: (fields: unknown[]) => Record<string, string> = () => ({});
const context = { rowId: "", line: 0, fileName: path, entryName: null } as never;
const reader = recordReader(format as CsvFormat, {
  header: (names) => {
    make = compiled(`(f) => ({ ${names.map((name, i) => `${JSON.stringify(name)}: f[${i}]`)} })`);
  },
  fields: (fields, line) => {
    out.rows.read++;
    out.keep(ingest.row(make(fields), context), line);
  },
  value: () => {},
  fault: ({ reason }) => {
    throw new Error(reason);
  },
  skip: () => out.skip(),
});
using file = await Deno.open(path);
const began = performance.now();
for (;;) {
  const piece = new Uint8Array(PIECE_BYTES);
  const length = await file.read(piece);
  if (length === null) break;
  reader.push(piece.subarray(0, length));
}
reader.end();
out.flushRows();
console.log(JSON.stringify({ rows, seconds: (performance.now() - began) / 1000 }));
