import assert from "node:assert/strict";
import type { CsvOptions } from "../../../src/sdk/csv.ts";
import { type FileParameters, optionsFor } from "../../../scripts/bench/pollock_options.ts";
import { cleanRows, pointsOf } from "../../../scripts/bench/pollock_score.ts";
import { loadedRows } from "../../../scripts/bench/pollock.ts";
import { faults, readCsv } from "./recording.ts";

const NAMES = ["day", "name", "note"];
const RECORDS = [
  ["2024-01-01", "Bob", "plain"],
  ["2024-01-02", "Anna", "with, comma"],
  ["2024-01-03", 'Eve "E"', "it's\nlong"],
];
const ROWS = [NAMES, ...RECORDS];
const PARAMETERS: FileParameters = {
  encoding: "ascii",
  delimiter: ",",
  quotechar: '"',
  escapechar: '"',
  preamble_lines: 0,
  header_lines: 1,
  column_names: NAMES,
};

interface Style {
  delimiter?: string;
  quote?: string;
  escape?: string;
  lineEnd?: string;
}

const line = (
  row: readonly string[],
  { delimiter = ",", quote = '"', escape = quote }: Style = {},
) =>
  row.map((field) => {
    const mustBe = [quote, ...delimiter, "\n"].some((special) => field.includes(special));
    return mustBe ? quote + field.replaceAll(quote, escape + quote) + quote : field;
  }).join(delimiter);
const written = (rows: readonly (readonly string[])[], style: Style = {}) =>
  rows.map((row) => line(row, style) + (style.lineEnd ?? "\r\n")).join("");

/** The first record with another text: everything else is as usual. */
const withFirst = (first: string) => `${line(NAMES)}\n${first}\n${written(RECORDS.slice(1))}`;
const rest = ROWS.slice(2);

/** A file of each kind in the Pollock benchmark: what a user knows of it, and what is loaded. */
const POLLUTED: [kind: string, text: string, parameters: Partial<FileParameters>, string[][]][] = [
  ["source", written(ROWS), {}, ROWS],
  ["no payload", "", { header_lines: 0, column_names: [], delimiter: "" }, []],
  ["no trailing newline", written(ROWS).slice(0, -2), {}, ROWS],
  ["double trailing newline", written(ROWS) + "\r\n", {}, ROWS],
  ["no header", written(RECORDS), { header_lines: 0, column_names: [] }, RECORDS],
  ["header over 2 rows", line(NAMES) + "\r\n" + written(ROWS), { header_lines: 2 }, ROWS],
  ["header over 3 rows", "a\na\n" + written(ROWS), { header_lines: 3 }, ROWS],
  ["preamble", 'PREAMBLE "x,,\r\n,,\r\n' + written(ROWS), { preamble_lines: 2 }, ROWS],
  ["a second table of the same width", written(ROWS) + written(ROWS), {}, ROWS],
  ["a second table with more columns", written(ROWS) + "day,name,note,x\n1,2,3,4\n", {}, ROWS],
  ["a second table with fewer columns", written(ROWS) + "day,name\n1,2\n", {}, ROWS],
  ["only a header", written([NAMES]), { escapechar: "" }, [NAMES]],
  ["one record", written(ROWS.slice(0, 2)), { escapechar: "" }, ROWS.slice(0, 2)],
  ["CR", written(ROWS, { lineEnd: "\r" }), {}, ROWS],
  ["LF", written(ROWS, { lineEnd: "\n" }), {}, ROWS],
  ["tabs", written(ROWS, { delimiter: "\t" }), { delimiter: "\t" }, ROWS],
  ["semicolons", written(ROWS, { delimiter: ";" }), { delimiter: ";" }, ROWS],
  ["spaces", written(ROWS, { delimiter: " " }), { delimiter: " " }, ROWS],
  ["a delimiter of two characters", written(ROWS, { delimiter: ", " }), { delimiter: ", " }, ROWS],
  ["single quotes", written(ROWS, { quote: "'" }), { quotechar: "'", escapechar: "'" }, ROWS],
  ["backslash escapes", written(ROWS, { escape: "\\" }), { escapechar: "\\" }, ROWS],
  ["quotes without escapes", written(ROWS, { escape: "" }), { escapechar: "" }, ROWS],
  ["a delimiter less in a record", withFirst("2024-01-01Bob,plain"), {}, [
    NAMES,
    ["2024-01-01Bob", "plain"],
    ...rest,
  ]],
  ["a delimiter more in a record", withFirst("2024-01-01,,Bob,plain"), {}, [
    NAMES,
    ["2024-01-01", "", "Bob", "plain"],
    ...rest,
  ]],
  ["another delimiter in a record", withFirst('2024-01-01 "Bob" plain'), {}, [
    NAMES,
    ['2024-01-01 "Bob" plain'],
    ...rest,
  ]],
  ["a quote more before a field", withFirst('2024-01-01,"Bob,"plain"'), {}, [
    NAMES,
    ["2024-01-01", '"Bob', "plain"],
    ...rest,
  ]],
  ["a quote more before a quoted field", withFirst('2024-01-01,""B, C",plain'), {}, [
    NAMES,
    ["2024-01-01", '"B, C', "plain"],
    ...rest,
  ]],
  ["a quote more at the end of a record", withFirst('2024-01-01,Bob,"'), {}, [
    NAMES,
    ["2024-01-01", "Bob", '"'],
    ...rest,
  ]],
  ["a delimiter less in the header", "dayname,note\n" + written(RECORDS), {}, ROWS],
  ["a quote more in the header", '"day,name,note\n' + written(RECORDS), {}, ROWS],
];
for (const [kind, text, parameters, expected] of POLLUTED) {
  Deno.test(`csv: a polluted file is read by options alone: ${kind}`, () => {
    const options = optionsFor({ ...PARAMETERS, ...parameters });
    assert.deepEqual(loadedRows(new TextEncoder().encode(text), options), expected);
  });
}

/** What a strict reader makes of a dialect, and the option that reads it. */
const DIALECTS: [what: string, text: string, strict: RegExp, options: CsvOptions, unknown[][]][] = [
  ["a line sep=", "sep=;\nid;n\n1;A\n", /first line says that the delimiter is ";"/, {
    delimiter: "auto",
  }, [["1", "A"]]],
  ["a delimiter at the end", "id,n\n1,A,\n2,B,\n", /the last is empty .*trailingDelimiter/, {
    trailingDelimiter: true,
  }, [["1", "A"], ["2", "B"]]],
  ["a delimiter at the end of the header, too", "id,n,\n1,A,\n", /column 3 has no name/, {
    trailingDelimiter: true,
  }, [["1", "A"]]],
  [
    "comments",
    "id,n\n# it's a \"comment, x\n1,A\n#\n",
    /starts with # .*comment/,
    { comment: "#" },
    [
      ["1", "A"],
    ],
  ],
  ["a comment before the header", "# of May\nid,n\n1,A\n", /starts with # .*comment/, {
    comment: "#",
  }, [["1", "A"]]],
  ["CRCRLF", 'id,n\r\r\n1,"A\r\r\nB"\r\r\n', /lines end with CR CR LF/, { lineEnd: "\r\r\n" }, [
    ["1", "A\r\nB"],
  ]],
  ["blanks before quotes", 'id,n\n1, "Oslo, Norway" \n', /has blanks before a quote.*trim/, {
    trim: true,
  }, [["1", "Oslo, Norway"]]],
  ["blanks after quotes", 'id,n\n"1" ,A\n', /has blanks after a closing quote.*trim/, {
    trim: true,
  }, [
    ["1", "A"],
  ]],
  ["backslashes", 'id,n\n1,"say \\"hi\\""\n', /follows a backslash.*escape/, { escape: "\\" }, [
    ["1", 'say "hi"'],
  ]],
  [
    "quotes in text",
    'id,n\n1,5" pipe\n',
    /quote inside an unquoted field/,
    { strayQuotes: "keep" },
    [
      ["1", '5" pipe'],
    ],
  ],
  [
    "quotes in quoted text",
    'id,n\n1,"a "b" c, d"\n',
    /text after a closing quote/,
    { escape: "" },
    [
      ["1", 'a "b" c, d'],
    ],
  ],
  ["few fields", "a,b,c\n1,2\n", /has 2 fields, the header has 3/, { ragged: "pad" }, [
    ["1", "2", null],
  ]],
  ["many fields", "a,b\n1,2,3\n4,5\n", /has 3 fields, the header has 2/, { ragged: "keep" }, [
    ["1", "2", "3"],
    ["4", "5", null],
  ]],
  ["a footer", "a,b\n1,2\nTotal 2\n", /has 1 field/, { skipLast: 1 }, [["1", "2"]]],
  ["totals", 'a,b\n1,2\n\n,Total:\n"x",3,\n', /has 3 fields/, { stopAt: "total*" }, [["1", "2"]]],
  ["lines before the header", "Report\n\na,b\n1,2\n", /has 2 fields, the header has 1/, {
    skipTo: ["a", "b"],
  }, [["1", "2"]]],
];
for (const [what, text, strict, options, expected] of DIALECTS) {
  Deno.test(`csv: an option reads a dialect, and without it the message says why: ${what}`, () => {
    const { calls, error } = readCsv([text]);
    const said = error === null
      ? faults(calls).map(({ reason }) => reason).join("\n")
      : String(error);
    assert.match(said, strict);
    const read = readCsv([text], options);
    assert.equal(read.error, null);
    assert.deepEqual(faults(read.calls), []);
    assert.deepEqual(read.calls.flatMap((call) => "fields" in call ? [call.fields] : []), expected);
  });
}

Deno.test("csv: stopAt compares the whole text of a field, also one that looks like a file's name", () => {
  const { calls } = readCsv(["a,b\nTotal.gz,1\ntotal ,2\nx,3\n"], { stopAt: "Total" });
  const records = calls.flatMap((call) => "fields" in call ? [call.fields] : []);
  assert.deepEqual(records, [["Total.gz", "1"]]);
});

Deno.test("csv: with backslashes, MySQL's and PostgreSQL's escapes are read, and \\N is null", () => {
  const text = "id\tn\n1\t\\N\n2\ta\\tb\\nc\\\\d\n3\tx\\\ty\n4\t\\NA\n5\tC:\\\\N\n";
  const { calls } = readCsv([text], { delimiter: "\t", quote: "", escape: "\\" });
  assert.deepEqual(calls.flatMap((call) => "fields" in call ? [call.fields[1]] : []), [
    null,
    "a\tb\nc\\d",
    "x\ty",
    "NA",
    "C:\\N",
  ]);
});

Deno.test('csv: delimiter "auto" takes the one that fits the header, or fails', () => {
  const delimiterOf = (text: string, options: CsvOptions = {}) => {
    const { calls, error } = readCsv([text], { delimiter: "auto", ...options });
    if (error !== null) return String(error);
    return calls.flatMap((call) => "header" in call ? [call.header.length] : [])[0];
  };
  assert.equal(delimiterOf("a;b\n1,5;2,5\n"), 2);
  assert.equal(delimiterOf('a\tb,c\n1\t"2\t3"\n'), 2);
  assert.equal(delimiterOf("a|b|c\n1|2|3\n"), 3);
  assert.equal(delimiterOf("name\nBob\n"), 1);
  assert.equal(delimiterOf("Report; of, May\n\na;b\n1,2;3\n", { skipTo: ["a", "b"] }), 2);
  assert.equal(delimiterOf("1;2\n", { header: ["a", "b"] }), 2);
  assert.match(delimiterOf("a;b\n1\n2\n3\n") as string, /Cannot determine the delimiter/);
});

Deno.test("csv: surplus fields get names, and the header is reported again", () => {
  const { calls } = readCsv(["a,b\n1\n1,2,3\n1,2\n"], { ragged: "keep" });
  assert.deepEqual(
    calls.map((call) => "header" in call ? call.header : "fields" in call && call.fields),
    [
      ["a", "b"],
      ["1", null],
      ["a", "b", "column_3"],
      ["1", "2", "3"],
      ["1", "2", null],
    ],
  );
});

Deno.test("pollock: the points of a file", () => {
  const clean = cleanRows('"a","b"\n"1","x ""y""\nz"\n"2",""\n');
  assert.deepEqual(clean, [["a", "b"], ["1", 'x "y"\nz'], ["2", ""]]);
  assert.equal(pointsOf(clean, clean), 10);
  assert.equal(pointsOf(null, clean), 0);
  assert.equal(pointsOf([], []), 10);
  assert.equal(pointsOf([["a", "b"]], clean), 1 + 3 + 0 + 1 / 3 + 1 + 0.5);
  const same = [["A", "b"], ["1.50", "7:00"], ["$5.00", "01/02/2024"]];
  const spelt = [["a", "B"], ["1.5", "07:00:00"], ["$ 5", "2024-01-02"]];
  assert.equal(pointsOf(same, spelt), 7);
});
