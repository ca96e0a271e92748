import assert from "node:assert/strict";
import fc from "fast-check";
import { uniqueColumnNames } from "../../../src/sandbox/formats/column_names.ts";
import { Failure } from "../../../src/base/failure.ts";
import type { CsvOptions } from "../../../src/sdk/csv.ts";
import { cutAt, faults, readCsv, records } from "./recording.ts";

/** The header, the records and their lines, or the failure's code and message. */
function read(text: string, options: CsvOptions): unknown {
  const { calls, error } = readCsv([text], options);
  if (error !== null) {
    assert.ok(error instanceof Failure, `not a failure: ${error}`);
    return [error.code, error.message];
  }
  assert.deepEqual(faults(calls), []);
  return calls.map((call) =>
    "header" in call ? call.header : "fields" in call ? [call.line, ...call.fields] : call
  );
}

Deno.test("header: skip drops lines, whatever they contain and however they end", () => {
  for (const end of ["\n", "\r\n", "\r", "\r\r\n"]) {
    const text = `Report "of May${end}"${end}a,b\n1,2\n`;
    assert.deepEqual(read(text, { skip: 2 }), [["a", "b"], [4, "1", "2"]], JSON.stringify(end));
  }
  assert.deepEqual(read("A,B\n1,2\n", { skip: 1, header: ["a", "b"] }), [["a", "b"], [
    2,
    "1",
    "2",
  ]]);
  assert.deepEqual(read("x\n1,2\n", { skip: 1, header: false }), [["1", "2"], [2, "1", "2"]]);
  const empty = ["csv-no-header", "Cannot read the header: the file is empty"];
  for (const text of ["", "a", "a\n", "a\nb", "a\r\n\r"]) {
    assert.deepEqual(read(text, { skip: 2 }), empty);
  }
});

Deno.test("header: skipTo drops all records before the header, faulty ones too", () => {
  const text = 'Report,"of" May\nx"y\n\nid,other\n,\nname,id\nA,1\n';
  const options = { skipTo: ["id", "name"] };
  assert.deepEqual(read(text, options), [{ skip: 3 }, ["name", "id"], [7, "A", "1"]]);
  assert.deepEqual(read(text, { ...options, header: ["n", "i"] }), [{ skip: 3 }, ["n", "i"], [
    7,
    "A",
    "1",
  ]]);
  assert.deepEqual(read("a\nid,Name\n1,2\n", options), [
    "csv-no-header",
    'Cannot read the header: no record has all names of skipTo: "id", "name"; line 2 lacks "name"',
  ]);
});

Deno.test("header: headerRows joins cells with a space, without empty ones", () => {
  const text = "Rain,,Wind\nmm,station\n1,2,3\n";
  assert.deepEqual(read(text, { headerRows: 2 }), [["Rain mm", "station", "Wind"], [
    3,
    "1",
    "2",
    "3",
  ]]);
  assert.deepEqual(read("a,b\n", { headerRows: 2 }), [
    "csv-no-header",
    "Cannot read the header: the file ends before it",
  ]);
  assert.deepEqual(read("a,\nb,\n", { headerRows: 2 }), [
    "csv-bad-header",
    "Cannot read the header at lines 1-2: column 2 has no name",
  ]);
  const skipped = read("x\na,b\nc,d\n1,2\n", { headerRows: 2, skipTo: ["a"] });
  assert.deepEqual(skipped, [["a c", "b d"], [4, "1", "2"]]);
});

Deno.test("header: uniqueNames numbers repeated names and names empty ones by position", () => {
  const header = (text: string) => (read(text, { uniqueNames: true }) as unknown[])[0];
  assert.deepEqual(header("name,name,,name\n"), ["name", "name_2", "column_3", "name_3"]);
  assert.deepEqual(header("a,a,a_2,\n"), ["a", "a_3", "a_2", "column_4"]);
  assert.deepEqual(header("column_2, \n"), ["column_2", "column_2_2"]);
  assert.deepEqual(read("a,a\n", {}), [
    "csv-bad-header",
    'Cannot read the header at line 1: columns 1 and 2 are both named "a"',
  ]);
});

Deno.test("header property: unique names are unique, and a name's first column keeps it", () => {
  const name = fc.constantFrom("", " ", "a", "a_2", "a_3", "column_1", "column_2", "column_1_2");
  fc.assert(fc.property(fc.array(name, { maxLength: 8 }), (names: string[]) => {
    const unique = uniqueColumnNames(names);
    assert.equal(new Set(unique).size, names.length);
    names.forEach((name, index) => {
      if (name.trim() !== "" && names.indexOf(name) === index) assert.equal(unique[index], name);
      else assert.ok(!names.includes(unique[index]!));
    });
  }));
});

Deno.test("header property: what skip drops does not depend on how the text is split", () => {
  const unit = fc.constantFrom("a", ",", '"', "\r", "\r", "\n");
  const text = fc.string({ unit, maxLength: 20 });
  const skip = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(text, skip, fc.array(fc.nat(), { maxLength: 8 }), (text, skip, cuts) => {
      const whole = readCsv([text], { header: ["a"], skip });
      for (const pieces of [[...text], cutAt(text, cuts)]) {
        const { calls } = readCsv(pieces, { header: ["a"], skip });
        assert.deepEqual(calls, whole.calls);
      }
      assert.ok(records(whole.calls).length <= text.length);
    }),
    { numRuns: 5_000 },
  );
});
