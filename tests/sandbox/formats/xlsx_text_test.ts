import assert from "node:assert/strict";
import { parseNumberFormat } from "../../../src/sandbox/formats/xlsx/number_format.ts";
import { type CellSpec, styled, workbook } from "../../harness/workbooks.ts";
import { readCells, readXlsx } from "./xlsx_reading.ts";

/** Reads a number as text with each format. */
async function shown(number: number | string, formats: readonly string[]): Promise<unknown[]> {
  const cells = formats.map((_, i) => styled(number, i + 1));
  return await readCells(cells, { formats }, { text: ["v"] });
}

Deno.test("xlsx: what kind of value a number format shows", () => {
  const kinds = {
    number: [
      ...["General", "0", '#,##0.00 "days"', "# ?/?", "0.00E+00", "[Red]0.0", '"d"0', "\\d0", "@"],
      ...["[>=100][Blue]0;0", "_(* #,##0_)", "[$EUR] 0", '[$-409]0 "h"', "0%", "[Magenta]General"],
    ],
    date: [
      ...["yyyy-mm-dd", "[$-409]d-mmm-yy;@", "[$-F800]dddd, mmmm dd, yyyy", "mmm", "m", 'yyyy"年"'],
      ...[
        "d/m/yyyy h:mm AM/PM",
        "[Red]dd.mm.yyyy;@",
        "yyyy\\-mm\\-dd\\ hh:mm:ss",
        "ge.m.d",
        "aaaa",
      ],
    ],
    time: ["h:mm", "mm:ss", "h:mm:ss AM/PM", "hh:mm:ss.000", "mm:ss.0", '[$-412]AM/PM h"시"'],
    elapsed: ["[h]:mm", "[mm]:ss", "[ss].00", "[hh]:mm:ss;@"],
  };
  for (const [kind, codes] of Object.entries(kinds)) {
    for (const code of codes) assert.equal(parseNumberFormat(code).sections[0]?.kind, kind, code);
  }
});

Deno.test("xlsx: built-in formats of other countries are dates or times", async () => {
  const builtIn = [14, 22, 27, 32, 36, 45, 47, 50, 58, 78, 2, 12, 37, 48];
  const serials = [45_382.5, 0.4375];
  const cells = serials.flatMap((serial) => builtIn.map((_, i) => styled(serial, i + 1)));
  const date = new Date("2024-03-31T12:00:00Z");
  const values = await readCells(cells, { builtIn });
  assert.deepEqual(values.slice(0, 14), [...Array(10).fill(date), ...Array(4).fill(45_382.5)]);
  assert.deepEqual(values.slice(14), [...Array(10).fill("10:30:00"), ...Array(4).fill(0.4375)]);
});

Deno.test("xlsx: the displayed text of numbers", async () => {
  const cases: [number, Record<string, string | null>][] = [
    [501, { "00000": "00501", "0": "501", "0.00": "501.00", "#.##": "501.", "@": "501" }],
    [1234567.891, {
      "#,##0.00": "1,234,567.89",
      "#,##0,": "1,235",
      '0.0,,"M"': "1.2M",
      "0.00E+00": "1.23E+06",
      "[$€-407] #,##0.00;[Red]-[$€-407] #,##0.00": "€ 1,234,567.89",
      '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)': "1,234,567.89",
    }],
    [-1234.5, {
      "0.00": "-1234.50",
      "#,##0.00_);[Red](#,##0.00)": "(1,234.50)",
      '0;"minus "0': "minus 1235",
      "General": "-1234.5",
      '0.0;-0.0;"zero"': "-1234.5",
    }],
    [0, { '0.0;-0.0;"zero"': "zero", "#": null, '_(* "-"??_)': "-", "00-00": "00-00" }],
    [0.1256, { "0%": "13%", "0.00%": "12.56%", ".00": ".13", "0.0#####": "0.1256" }],
    [1.005, { "0.00": "1.01", "0.000": "1.005" }],
    [4930123456, { "(000) 000-0000": "(493) 012-3456", "+#": "+4930123456" }],
    [999.999, { "0.00": "1000.00", "#,##0": "1,000", "0.0E+0": "1.0E+3" }],
    [1500, { '[>=1000]#,##0,"k";0': "2k", '[<1000]0;[<1000000]0,"k";0,,"M"': "2k" }],
  ];
  for (const [number, texts] of cases) {
    assert.deepEqual(await shown(number, Object.keys(texts)), Object.values(texts), `${number}`);
  }
  assert.deepEqual(await shown("0.30000000000000004", ["General"]), ["0.3"]);
  assert.deepEqual(await shown("1234567890123456", ["General"]), ["1234567890123460"]);
});

Deno.test("xlsx: the displayed text of dates, times and durations", async () => {
  assert.deepEqual(
    await shown(45_382.4380787037, [
      ...["yyyy-mm-dd", "dd.mm.yyyy hh:mm", "m/d/yy h:mm AM/PM", "[$-409]d-mmm-yy;@", "hh:mm:ss"],
      ...["dddd, mmmm d", "mm:ss.0", 'yyyy"Q"', "[$-F800]dddd", "mmmmm"],
    ]),
    [
      ...["2024-03-31", "31.03.2024 10:30", "3/31/24 10:30 AM", "31-Mar-24", "10:30:50"],
      ...["Sunday, March 31", "30:50.0", "2024Q", "2024-03-31 10:30:50", "M"],
    ],
  );
  assert.deepEqual(await shown(1.5, ["[h]:mm", "[mm]:ss", "[hh]:mm:ss.00"]), [
    ...["36:00", "2160:00", "36:00:00.00"],
  ]);
});

Deno.test("xlsx: what cannot be displayed exactly rejects the record", async () => {
  const formats = ["# ?/?", "[$-407]d. mmmm yyyy", ";;;", "##0.0E+0", "ge.m.d"];
  assert.deepEqual(
    await shown(45_382, formats),
    formats.map((code) =>
      `reject: has a number format that cannot be shown as text (${JSON.stringify(code)})`
    ),
  );
  assert.deepEqual(await shown(0, ["yyyy"]), [
    "reject: is day 0 of January 1900, which is no date (0)",
  ]);
});

Deno.test("xlsx: text and booleans as they are displayed", async () => {
  const cells: CellSpec[] = [" a ", true, {
    attributes: 't="str" s="1"',
    content: "<f>A1</f><v>x</v>",
  }, { attributes: 't="d"', content: "<v>2024-03-31</v>" }];
  const values = await readCells(cells, { formats: ['0;0;0;"Nr. "@'] }, { text: true });
  assert.deepEqual(values, [" a ", "TRUE", "Nr. x", "2024-03-31"]);
});

Deno.test("xlsx: only the named columns are read as text", async () => {
  const rows = [["zip", "day", "n"], [styled(501, 1), styled(45_382, 2), styled(7, 1)]];
  const book = await workbook([{ rows }], { formats: ["00000", "dd.mm.yyyy"] });
  const records = async (text: boolean | string[]) => (await readXlsx(book, { text })).records[0];
  const day = new Date("2024-03-31T00:00:00Z");
  assert.deepEqual(await records(false), [501, day, 7]);
  assert.deepEqual(await records(["zip"]), ["00501", day, 7]);
  assert.deepEqual(await records(true), ["00501", "31.03.2024", "00007"]);
  const { failure } = await readXlsx(book, { text: ["zip", "Day", "x"] });
  assert.equal(
    failure,
    'column-missing: Cannot read the sheet: the columns "Day", "x" of the option text are missing; ' +
      'the sheet has "zip", "day", "n"',
  );
});

Deno.test("xlsx: the names of text columns follow aliases, loose matching and optional", async () => {
  const rows = [["P L Z", "n"], [styled(501, 1), 7]];
  const book = await workbook([{ rows }], { formats: ["00000"] });
  const aliased = { text: ["zip"], aliases: { zip: "P L Z" } };
  assert.deepEqual((await readXlsx(book, aliased)).records, [["00501", 7]]);
  const loose = { text: ["plz"], match: "loose" as const };
  assert.deepEqual((await readXlsx(book, loose)).records, [["00501", 7]]);
  const optional = { text: ["P L Z", "phone"], optional: ["phone"] };
  assert.deepEqual((await readXlsx(book, optional)).records, [["00501", 7]]);
  assert.match((await readXlsx(book, { text: ["plz"] })).failure ?? "", /^column-missing: /);
});

Deno.test("xlsx: merged cells have the value of the first one where the module wants it", async () => {
  const rows = [
    ["City", "2023", null, "2024", null],
    [null, "min", "max", "min", "max"],
    ["Bonn", 1, null, 3, 4],
    [null, 5, 6, 7, 8],
    [null, null, null, null, null],
    ["Köln", 9, 10, 11, 12],
  ];
  const ranges = ["A1:A2", "B1:C1", "D1:E1", "A3:A5", "B3:C3", "D6:H6"];
  const after = `<mergeCells>${ranges.map((ref) => `<mergeCell ref="${ref}"/>`)}</mergeCells>`;
  const book = await workbook([{ rows, after }]);
  const filled = await readXlsx(book, { headerRows: 2, mergedCells: "fill" });
  assert.deepEqual(filled.header, ["City", "2023 min", "2023 max", "2024 min", "2024 max"]);
  assert.deepEqual(filled.records, [
    ["Bonn", 1, 1, 3, 4],
    ["Bonn", 5, 6, 7, 8],
    ["Köln", 9, 10, 11, 11],
  ]);
  const first = await readXlsx(book, { headerRows: 2, uniqueNames: true });
  assert.deepEqual(first.header, ["City", "2023 min", "max", "2024 min", "max_2"]);
  assert.deepEqual(first.records[1], [null, 5, 6, 7, 8]);
});
