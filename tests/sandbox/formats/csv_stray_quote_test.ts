import assert from "node:assert/strict";
import fc from "fast-check";
import type { CsvOptions } from "../../../src/sdk/csv.ts";
import { cutAt, faults, readCsv, records } from "./recording.ts";

/** Records by number of their first line, and the lines that are rejected. */
function read(text: string, options: CsvOptions = {}, maxRecordChars?: number) {
  const { calls, error } = readCsv([text], options, maxRecordChars);
  assert.equal(error, null);
  return { records: records(calls), faults: faults(calls) };
}

const lines = (from: number, to: number, line: (n: number) => string) =>
  Array.from({ length: to - from + 1 }, (_, i) => line(from + i) + "\n").join("");
const person = (n: number) => `${n},Name ${n}`;

Deno.test("csv: one stray quote costs its line, and not the 5,000 lines up to the next quote", () => {
  const text = "id,name\n" + lines(1, 9, person) + '10,"Bob\n' + lines(11, 5_009, person) +
    '5010,"Anna"\n' + lines(5_011, 9_999, person);
  const { records, faults } = read(text);
  assert.equal(records.length, 9_998);
  assert.deepEqual(faults, [{
    line: 11,
    column: 2,
    reason: "has a quoted field over more than 100 lines, at character 4",
    raw: '10,"Bob',
  }]);
  assert.deepEqual(records[5_008], ["5010", "Anna"]);
});

Deno.test("csv: with the other parity, a stray quote makes no good row of 5,000 lines", () => {
  const text = "id,name\n" + lines(1, 9, person) + '10,"Bob\n' + lines(11, 5_009, person) +
    '5010,Anna"\n' + lines(5_011, 9_999, person);
  const { records, faults } = read(text);
  assert.equal(records.length, 9_997);
  assert.deepEqual(faults.map(({ line, raw }) => [line, raw]), [[11, '10,"Bob'], [
    5_011,
    '5010,Anna"',
  ]]);
});

Deno.test("csv: a stray quote that swallows few lines is found by what they look like", () => {
  const stray = 'id,name,day\n1,"Bob,2024-01-01\n2,Anna,2024-01-02\n3,Eve",2024-01-03\n4,Joe,\n';
  assert.deepEqual(read(stray), {
    records: [["2", "Anna", "2024-01-02"], ["4", "Joe", ""]],
    faults: [
      {
        line: 2,
        column: 2,
        reason: "has a stray quote, at character 3: the next 2 lines look like records",
        raw: '1,"Bob,2024-01-01',
      },
      {
        line: 4,
        column: 2,
        reason: "has a quote inside an unquoted field, at character 6",
        raw: '3,Eve",2024-01-03',
      },
    ],
  });
  assert.equal(read(stray, { quotedRecords: true }).records.length, 2);
  const first = 'id,name\n"1,Bob\n2,Anna\n3,Eve\n4,"Joe"\n';
  assert.deepEqual(read(first).records, [["2", "Anna"], ["3", "Eve"], ["4", "Joe"]]);
  const missing = '"id","name"\n"1","Bob\n"2","Anna"\n"3","Eve"\n';
  assert.deepEqual(read(missing).records, [["2", "Anna"], ["3", "Eve"]]);
  assert.deepEqual(read(missing).faults.map(({ line, reason }) => [line, reason]), [
    [2, "has a quote that is not closed, at character 5"],
  ]);
});

/** Fields over several lines that RFC 4180 allows. */
const LEGITIMATE: [what: string, text: string][] = [
  ["an address", 'id,name,address\n1,Bob,"Main Street 1\nAptm. 2\n0150 Oslo"\n'],
  ["an address with commas", 'id,address\n1,"1, Main Street\n0150, Oslo\nNorway, Europe"\n'],
  ["an address in the first column", 'address,id\n"Main Street 1\nOslo",1\n'],
  ["a comment in prose", 'id,text,n\n1,"Hi, all,\nas I said, twice, no.\nBye, Bob, out",2\n'],
  ["a blank line", 'id,text\n1,"a,b\n\nc,d"\n'],
  ["an embedded table of the same width", 'id,data\n1,"k,v\na,1\nb,2\nc,3"\n'],
  ["an embedded table of another width", 'id,data,n\n1,"a,b\n1,2\n3,4",5\n'],
  ["JSON", 'id,data\n1,"{\n ""a"": 1,\n ""b"": 2\n}"\n'],
  ["code", 'a,b,c\n1,"f(x, y)\ng(1,2)\n",3\n'],
  ["a list in a file of one column", 'names\n"Bob\nAnna\nEve"\n'],
  ["quotes and doubled quotes", 'a,b\n"x ""y"",\n""z""","1\n2"\n'],
  ["a name in the header", 'id,"Price\n(EUR)",day\n1,2,3\n'],
  ["100 lines", `a,b\n1,"${"line\n".repeat(99)}last"\n`],
];
for (const [what, text] of LEGITIMATE) {
  Deno.test(`csv: a quoted field over several lines is read: ${what}`, () => {
    for (const version of [text, text.replaceAll("\n", "\r\n")]) {
      const { records, faults } = read(version);
      assert.deepEqual(faults, []);
      assert.equal(records.length, 1);
    }
  });
}

Deno.test("csv property: fields over several lines without delimiters are never taken for records", () => {
  const unit = fc.constantFrom("a", "1", '""', "\n", "\n", " ", "é");
  const field = fc.string({ unit, maxLength: 30 }).map((text) => `"${text}"`);
  const row = fc.tuple(field, field, field).map((fields) => fields.join(","));
  fc.assert(fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
    const { calls } = readCsv(["a,b,c\n" + rows.join("\n")]);
    assert.deepEqual(faults(calls), []);
    assert.equal(records(calls).length, rows.length);
  }));
});

Deno.test("csv: quotedLines is the limit of a field's lines", () => {
  const field = (n: number) => `a,b\n1,"${"x\n".repeat(n - 1)}x"\n2,y\n`;
  for (const quotedLines of [1, 2, 5]) {
    assert.deepEqual(read(field(quotedLines), { quotedLines }).faults, []);
    const over = read(field(quotedLines + 1), { quotedLines });
    const limit = quotedLines === 1 ? "one line" : `${quotedLines} lines`;
    assert.match(over.faults[0]!.reason, new RegExp(`over more than ${limit}, at character 3`));
    assert.deepEqual(over.records, [["2", "y"]]);
  }
});

Deno.test("csv: a quote that is not closed costs its line, and the rest of the file is read", () => {
  const { records, faults } = read('a,b\n1,"x\ny", "z\n3,"4\n5,6\n');
  assert.deepEqual(records, [["5", "6"]]);
  assert.deepEqual(
    faults,
    [
      {
        line: 2,
        column: 2,
        reason: "has text after a closing quote, at character 3 of line 3",
        raw: '1,"x\ny", "z',
        lines: 2,
      },
      {
        line: 4,
        column: 2,
        reason: "has a quote that is not closed, at character 3",
        raw: '3,"4',
      },
    ].slice(0, 2).map((fault, index) =>
      index === 0 ? { ...faults[0]!, line: fault.line, lines: fault.lines } : fault
    ),
  );
  const last = read('a,b\n1,2\n3,"4');
  assert.deepEqual(last.faults.map(({ line, raw }) => [line, raw]), [[3, '3,"4']]);
});

Deno.test("csv: a quoted field over the size limit is one reject that weighs its lines", () => {
  const text = 'a,b\n1,"' + "x".repeat(30) + "\n" + "y".repeat(30) + '",2\n3,4\n';
  for (const pieces of [[text], [...text]]) {
    const { calls } = readCsv(pieces, {}, 50);
    assert.deepEqual(records(calls), [["3", "4"]]);
    assert.deepEqual(faults(calls), [{
      line: 2,
      column: 2,
      reason: "is longer than 50 characters",
      raw: text.split("\n").slice(1, 3).join("\n"),
      lines: 2,
    }]);
  }
  const oneLine = readCsv(['a,b\n1,"' + "x".repeat(60) + '"\n3,4\n'], {}, 50);
  assert.deepEqual(records(oneLine.calls), [["3", "4"]]);
  assert.equal(faults(oneLine.calls).length, 1);
  const swallowed = read("id,name\n" + '1,"x\n' + lines(2, 40, person), {}, 100);
  assert.equal(swallowed.records.length, 39);
  assert.match(swallowed.faults[0]!.reason, /not closed within 100 characters, at character 3/);
});

Deno.test("csv: records weigh the lines that they cover", () => {
  const { calls } = readCsv(['a,b\n"1\n2\n3",x,y\n"1\n2",\0\n']);
  assert.deepEqual(faults(calls).map(({ line, lines }) => [line, lines]), [[2, 3], [5, 2]]);
});

Deno.test("csv: every line of a file with stray quotes is in one record, in order", () => {
  const unit = fc.constantFrom("a", "1", ",", ",", '"', '"', "\n", "\n", " ");
  const text = fc.string({ unit, maxLength: 80 });
  const quotedLines = fc.integer({ min: 1, max: 5 });
  const run = (text: string, quotedLines: number, cuts: number[], maxRecordChars: number) => {
    const options: CsvOptions = { header: ["a", "b"], quotedLines };
    const { calls } = readCsv(cutAt(text, cuts), options, maxRecordChars);
    let line = 1;
    for (const call of calls) {
      if ("header" in call || "value" in call) continue;
      const at = "fields" in call ? call.line : "skip" in call ? call.skip : call.fault.line;
      assert.equal(at, line);
      if ("fields" in call) line += call.raw.split("\n").length;
      else line += "fault" in call ? call.fault.lines ?? 1 : 1;
    }
    const isEnded = text === "" || text.endsWith("\n");
    assert.equal(line - 1, text.split("\n").length - (isEnded ? 1 : 0));
  };
  const cuts = fc.array(fc.nat(), { maxLength: 4 });
  const max = fc.constantFrom(8, 30, 1_000);
  fc.assert(fc.property(text, quotedLines, cuts, max, run), { numRuns: 10_000 });
});

/** Texts that would take quadratic time if a reader went back over them again and again. */
const HOSTILE: [what: string, text: (n: number) => string][] = [
  ["only quotes", (n) => '"'.repeat(n)],
  ["a quote on each line", (n) => '1,"x\n'.repeat(n / 5)],
  ["two quotes on each line", (n) => '1,""x\n'.repeat(n / 6)],
  ["a quote that is never closed", (n) => '1,"' + "2,x\n".repeat(n / 4)],
  ["doubled quotes after one that is never closed", (n) => '1,"' + '2,""x\n'.repeat(n / 6)],
  ["quotes and delimiters on one line", (n) => '1,"x"'.repeat(n / 5)],
  ["doubled quotes on one line", (n) => '1,""x'.repeat(n / 5)],
  ["only line ends after a quote", (n) => '1,"' + "\n".repeat(n)],
  ["fields of two lines", (n) => '1,"x\n"\n'.repeat(n / 7)],
  ["records of many fields over two lines", (n) => '"\n",'.repeat(n / 4)],
  ["what looks like records", (n) => ('1,"x\n' + "1,x\n".repeat(50) + '1,x"\n').repeat(n / 212)],
  ["backslashes", (n) => '1,"\\'.repeat(n / 4)],
];
for (const [what, text] of HOSTILE) {
  Deno.test(`csv: time and memory are linear in the size of the file: ${what}`, () => {
    const options: CsvOptions[] = [
      {},
      { strayQuotes: "keep" },
      { escape: "" },
      { strayQuotes: "keep", quotedLines: 100_000, trim: true },
    ];
    for (const option of options) {
      const time = (n: number) => {
        const pieces = cutAt(
          "a,b\n" + text(n),
          Array.from({ length: n / 65_536 }, (_, i) => i * 65_536),
        );
        const started = performance.now();
        readCsv(pieces, option);
        return performance.now() - started;
      };
      time(10_000);
      const small = Math.max(time(50_000), time(50_000), 20);
      const large = time(400_000);
      // Linear is 8 times, quadratic 64 times as long.
      assert.ok(large < 30 * small, `${JSON.stringify(option)}: ${small} ms, ${large} ms`);
    }
  });
}
