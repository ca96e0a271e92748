import assert from "node:assert/strict";
import { csv } from "../../../src/sdk/csv.ts";
import { Failure } from "../../../src/base/failure.ts";
import { MAX_RAW_CHARS, type RecordSink } from "../../../src/sandbox/formats/contract.ts";
import { csvReader } from "../../../src/sandbox/formats/csv/reader.ts";
import { recordReader } from "../../../src/sandbox/formats/record_reader.ts";
import { faults, readCsv, recordingSink, records, type SinkCall } from "./recording.ts";

const failsWith = (error: unknown, code: string, message: RegExp) => {
  assert.ok(error instanceof Failure, `not a failure: ${error}`);
  assert.equal(error.code, code);
  assert.match(error.message, message);
};

Deno.test("csv: plain records, with and without a line end at the end of the file", () => {
  for (const text of ["a,b\n1,2\n3,\n", "a,b\n1,2\n3,"]) {
    assert.deepEqual(readCsv([text]), {
      calls: [
        { header: ["a", "b"] },
        { fields: ["1", "2"], line: 2, raw: "1,2" },
        { fields: ["3", ""], line: 3, raw: "3," },
      ],
      error: null,
    });
  }
});

Deno.test("csv: CRLF ends records, after quotes too, and is not part of the raw text", () => {
  const { calls } = readCsv(['a,b\r\n"1","x\r\ny"\r\n3,4\r\n']);
  assert.deepEqual(calls.slice(1), [
    { fields: ["1", "x\r\ny"], line: 2, raw: '"1","x\r\ny"' },
    { fields: ["3", "4"], line: 4, raw: "3,4" },
  ]);
});

Deno.test("csv: quotes may contain delimiters, line ends and doubled quotes; line numbers match an editor's", () => {
  const { calls } = readCsv(['a,b\n"x,""y""\n\nz",1\n2,"3"\n"",\n"""",""""""']);
  assert.deepEqual(calls.slice(1), [
    { fields: ['x,"y"\n\nz', "1"], line: 2, raw: '"x,""y""\n\nz",1' },
    { fields: ["2", "3"], line: 5, raw: '2,"3"' },
    { fields: ["", ""], line: 6, raw: '"",' },
    { fields: ['"', '""'], line: 7, raw: '"""",""""""' },
  ]);
});

Deno.test('csv: `"",` at the end of the file is a record of two empty fields', () => {
  assert.deepEqual(records(readCsv(['a,b\n"",']).calls), [["", ""]]);
  assert.deepEqual(records(readCsv(["a,b\n,"]).calls), [["", ""]]);
});

Deno.test("csv: records with too few or too many fields are faults with both counts", () => {
  const { calls } = readCsv(["a,b,c\n1\n1,2,3,4\n1,2,3\n"]);
  assert.deepEqual(calls.slice(1), [
    { fault: { line: 2, column: null, reason: "has 1 field, the header has 3", raw: "1" } },
    { fault: { line: 3, column: null, reason: "has 4 fields, the header has 3", raw: "1,2,3,4" } },
    { fields: ["1", "2", "3"], line: 4, raw: "1,2,3" },
  ]);
});

Deno.test("csv: blank lines are reported as skipped, before the header too", () => {
  const { calls } = readCsv(["\r\n\na,b\n\n1,2\n\r\n"]);
  assert.deepEqual(calls, [
    { skip: 1 },
    { skip: 2 },
    { header: ["a", "b"] },
    { skip: 4 },
    { fields: ["1", "2"], line: 5, raw: "1,2" },
    { skip: 6 },
  ]);
});

Deno.test("csv: an empty quoted field is a record, not a blank line", () => {
  assert.deepEqual(records(readCsv(['a\n""\n\n']).calls), [[""]]);
});

Deno.test("csv: a quote in an unquoted field rejects its line only", () => {
  const { calls } = readCsv(['a,b\n1,x"y"\n3,4\n']);
  const reason = "has a quote inside an unquoted field, at character 4";
  assert.deepEqual(calls.slice(1), [
    { fault: { line: 2, column: 2, reason, raw: '1,x"y"' } },
    { fields: ["3", "4"], line: 3, raw: "3,4" },
  ]);
});

Deno.test("csv: text after a closing quote rejects the record up to the end of that line", () => {
  const { calls } = readCsv(['a,b\n"1\n2"x,y\r\n3,4\n']);
  const reason = "has text after a closing quote, at character 3 of line 3";
  assert.deepEqual(calls.slice(1), [
    { fault: { line: 2, column: 1, reason, raw: '"1\n2"x,y', lines: 2 } },
    { fields: ["3", "4"], line: 4, raw: "3,4" },
  ]);
});

Deno.test("csv: a lone CR rejects the record, but is data within quotes", () => {
  const { calls } = readCsv(['a,b\n1,2\r3\n"1\r2",3\n4\r,5\r']);
  const reason = "has a lone carriage return outside quotes";
  assert.deepEqual(calls.slice(1), [
    { fault: { line: 2, column: 2, reason, raw: "1,2\r3" } },
    { fields: ["1\r2", "3"], line: 3, raw: '"1\r2",3' },
    { fault: { line: 4, column: 1, reason, raw: "4\r,5\r" } },
  ]);
});

Deno.test("csv: CR ends records if the first line end is a lone CR", () => {
  const { calls } = readCsv(['"a\n",b\r1,2\r"3\r4",5\r6,7\n8\r\r9,0']);
  assert.deepEqual(calls, [
    { header: ["a\n", "b"] },
    { fields: ["1", "2"], line: 2, raw: "1,2" },
    { fields: ["3\r4", "5"], line: 3, raw: '"3\r4",5' },
    {
      fault: {
        line: 5,
        column: 2,
        reason: "has a lone line feed outside quotes",
        raw: "6,7\n8",
      },
    },
    { skip: 6 },
    { fields: ["9", "0"], line: 7, raw: "9,0" },
  ]);
});

Deno.test("csv: only line ends outside quotes determine the line end", () => {
  assert.deepEqual(records(readCsv(['"a""\r",b\n1,2\n']).calls), [["1", "2"]]);
  const { calls } = readCsv(['x"y\r1\r'], { header: ["a"] });
  assert.deepEqual(records(calls), [["1"]]);
  assert.equal(faults(calls).length, 1);
});

Deno.test("csv: a NUL rejects the record, quoted or not", () => {
  const { calls } = readCsv(['a,b\n1,\0\n"\0\n",2\n3,4\n']);
  assert.deepEqual(faults(calls).map(({ line, column, reason }) => [line, column, reason]), [
    [2, 2, "has a NUL character"],
    [3, 1, "has a NUL character"],
  ]);
  assert.deepEqual(records(calls), [["3", "4"]]);
});

Deno.test("csv: an empty file, only a header, missing and repeated names", () => {
  failsWith(readCsv([]).error, "csv-no-header", /the file is empty/);
  failsWith(readCsv(["\n\n"]).error, "csv-no-header", /the file is empty/);
  assert.deepEqual(readCsv(["a,b"]), { calls: [{ header: ["a", "b"] }], error: null });
  failsWith(readCsv(["a,b,a\n"]).error, "csv-bad-header", /columns 1 and 3 are both named "a"/);
  failsWith(readCsv(["a,,b\n"]).error, "csv-bad-header", /column 2 has no name/);
  failsWith(readCsv(['a,b"\n']).error, "csv-bad-header", /line 1: it has a quote inside/);
  failsWith(readCsv(["a\0,b\n"]).error, "csv-bad-header", /it has a NUL/);
  const many = Array.from({ length: 10_001 }, (_, index) => `c${index}`).join(",");
  failsWith(readCsv([many]).error, "csv-too-many-columns", /10,001 columns \(limit: 10,000\)/);
});

Deno.test("csv: header names from the module, and no header", () => {
  assert.deepEqual(readCsv(["1,2\n3\n"], { header: ["a", "b"] }).calls, [
    { header: ["a", "b"] },
    { fields: ["1", "2"], line: 1, raw: "1,2" },
    { fault: { line: 2, column: null, reason: "has 1 field, the header has 2", raw: "3" } },
  ]);
  assert.deepEqual(readCsv(['1,"2"\n3,4\n'], { header: false }).calls, [
    { header: ["1", "2"] },
    { fields: ["1", "2"], line: 1, raw: '1,"2"' },
    { fields: ["3", "4"], line: 2, raw: "3,4" },
  ]);
  assert.deepEqual(readCsv([""], { header: false }), { calls: [], error: null });
  failsWith(readCsv([], { header: ["a", "a"] }).error, "csv-bad-header", /both named "a"/);
  failsWith(readCsv([], { header: [] }).error, "csv-bad-header", /no columns/);
});

Deno.test("csv: other delimiters and quotes, and no quotes", () => {
  const read = (text: string, options: Parameters<typeof csv>[0]) =>
    records(readCsv([text], { header: false, ...options }).calls);
  assert.deepEqual(read('1;"2;3"\n', { delimiter: ";" }), [["1", "2;3"]]);
  assert.deepEqual(read("1\t'it''s'\n", { delimiter: "\t", quote: "'" }), [["1", "it's"]]);
  assert.deepEqual(read('1,"2\n3",4\n', { quote: "" }), [["1", '"2'], ['3"', "4"]]);
  for (const delimiter of ["", ",".repeat(11), "\n", "\r", '"', "\0"]) {
    failsWith(
      readCsv([], { header: false, delimiter }).error,
      "csv-bad-options",
      /Cannot use the CSV/,
    );
  }
  failsWith(readCsv([], { quote: '""' }).error, "csv-bad-options", /CSV quote/);
});

Deno.test("csv: a 50 MB line gives one reject and is not kept in memory", () => {
  const calls: SinkCall[] = [];
  const reader = csvReader({}, recordingSink(calls, () => null));
  reader.push("a,b\n1,");
  const piece = "x".repeat(256 * 1024);
  for (let pushed = 0; pushed < 200; pushed++) reader.push(piece);
  assert.ok(reader.raw().length <= MAX_RAW_CHARS);
  reader.push("\n3,4\n");
  reader.end();
  assert.deepEqual(calls, [
    { header: ["a", "b"] },
    {
      fault: {
        line: 2,
        column: null,
        reason: "is longer than 1,048,576 characters",
        raw: "1," + "x".repeat(MAX_RAW_CHARS - 2),
      },
    },
    { fields: ["3", "4"], line: 3, raw: "" },
  ]);
});

Deno.test("csv: a record of exactly the maximum length is read, one more character is rejected", () => {
  const { calls } = readCsv(['a,b\n1234,6789\n"34",67890\n12345,7890\n1,2'], {}, 9);
  assert.deepEqual(records(calls), [["1234", "6789"], ["1", "2"]]);
  assert.deepEqual(faults(calls).map((fault) => fault.line), [3, 4]);
  assert.deepEqual(records(readCsv(['a,b\n"345678",\n'], {}, 9).calls), [["345678", ""]]);
  assert.deepEqual(records(readCsv(['a\n"2345678"\n'], {}, 9).calls), [["2345678"]]);
  const [long] = faults(readCsv(['a\n"23456789"\n'], {}, 9).calls);
  assert.deepEqual([long?.reason, long?.raw], ["is longer than 9 characters", '"23456789"']);
});

Deno.test("csv: a raw text over the limit is truncated", () => {
  const rejected = "x".repeat(MAX_RAW_CHARS - 2);
  for (const pieces of [[`"",y"${rejected}\r\n`], ['"",y"', rejected, "\r", "\n"]]) {
    const { calls } = readCsv(["a,b\n", ...pieces]);
    assert.equal(faults(calls)[0]?.raw, `"",y"${rejected}`.slice(0, MAX_RAW_CHARS));
  }
  const [fault] = faults(readCsv(["a\n", 'y"', "x".repeat(MAX_RAW_CHARS - 2), "\r", "\n"]).calls);
  assert.equal(fault?.raw, 'y"' + "x".repeat(MAX_RAW_CHARS - 2));
  const { calls } = readCsv(["a\n", "x".repeat(9_000) + "\n"]);
  const [record] = calls.slice(1);
  assert.ok(record !== undefined && "raw" in record);
  assert.equal(record.raw.length, MAX_RAW_CHARS);
});

Deno.test("csv: UTF-16 with a byte order mark; invalid bytes are reported by line and field", () => {
  const read = (bytes: Uint8Array) => {
    const calls: SinkCall[] = [];
    const sink: RecordSink = recordingSink(calls, () => null);
    const reader = recordReader(csv(), sink);
    for (const byte of bytes) reader.push(new Uint8Array([byte]));
    reader.end();
    return calls;
  };
  const utf16 = new Uint8Array(
    new Uint16Array([..."\uFEFFa,b\n1,Ž\n"].map((c) => c.charCodeAt(0))).buffer,
  );
  assert.deepEqual(read(utf16).slice(1), [{ fields: ["1", "Ž"], line: 2, raw: "" }]);
  const latin1 = new Uint8Array([..."\xEF\xBB\xBFa,b\n1,\xE9\n2,x\n"].map((c) => c.charCodeAt(0)));
  assert.deepEqual(read(latin1), [
    { header: ["a", "b"] },
    { fault: { line: 2, column: 2, reason: "is not valid UTF-8", raw: "1,\uFFFD" } },
    { fields: ["2", "x"], line: 3, raw: "" },
  ]);
});
