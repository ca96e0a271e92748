import assert from "node:assert/strict";
import { styled, workbook } from "../../harness/workbooks.ts";
import { readCells, readXlsx } from "./xlsx_reading.ts";

const DAY_MS = 86_400_000;
const value = (type: string, content: string) => ({ attributes: `t="${type}"`, content });

Deno.test("xlsx: every minute of a day is exact", async () => {
  const first = 45_382;
  const serials = Array.from({ length: 1_440 }, (_, minute) => first + minute / 1_440);
  const cells = serials.map((serial) => styled(serial, 1));
  const values = await readCells(cells, { formats: ["yyyy\\-mm\\-dd hh:mm"] });
  const midnight = Date.UTC(2024, 2, 31);
  assert.deepEqual(values, serials.map((_, minute) => new Date(midnight + minute * 60_000)));
});

Deno.test("xlsx: the first days of 1900, and the day that did not exist", async () => {
  const serials = [1, 59, 59.5, 60, 60.9, 61, 0, 0.5, -1, 2_958_465, 2_958_466];
  const values = await readCells(serials.map((serial) => styled(serial, 1)), { builtIn: [15] });
  assert.deepEqual(values.map((one) => one instanceof Date ? one.toISOString() : one), [
    "1900-01-01T00:00:00.000Z",
    "1900-02-28T00:00:00.000Z",
    "1900-02-28T12:00:00.000Z",
    "reject: is 29 February 1900, which did not exist (60)",
    "reject: is 29 February 1900, which did not exist (60.9)",
    "1900-03-01T00:00:00.000Z",
    "reject: is day 0 of January 1900, which is no date (0)",
    "reject: is day 0 of January 1900, which is no date (0.5)",
    "reject: is a date before 1900 (-1)",
    "9999-12-31T00:00:00.000Z",
    "reject: is a date after the year 9999 (2958466)",
  ]);
});

Deno.test("xlsx: days from 1904", async () => {
  const options = { builtIn: [15], properties: '<workbookPr date1904="1"/>' };
  const values = await readCells([0, 60, 45_000, -1].map((n) => styled(n, 1)), options);
  assert.deepEqual(values, [
    new Date(Date.UTC(1904, 0, 1)),
    new Date(Date.UTC(1904, 2, 1)),
    new Date(Date.UTC(1904, 0, 1) + 45_000 * DAY_MS),
    "reject: is a date before 1904 (-1)",
  ]);
});

Deno.test("xlsx: times of day and durations are text", async () => {
  const time = 10 / 24 + 30 / 1_440;
  const cells = [
    ...[time, 0, 0.999988425925926, 1 / 3 + 0.001 / 86_400, 45_000.5].map((n) => styled(n, 1)),
    ...[time, 1.5, 36.25, 0, -0.5, 0.1].map((n) => styled(n, 2)),
  ];
  assert.deepEqual(await readCells(cells, { builtIn: [21, 46] }), [
    "10:30:00",
    "00:00:00",
    "23:59:59",
    "08:00:00.001",
    new Date("2023-03-15T12:00:00Z"),
    "PT10H30M",
    "PT36H",
    "PT870H",
    "PT0S",
    "-PT12H",
    "PT2H24M",
  ]);
});

Deno.test("xlsx: dates and times that are written as ISO 8601", async () => {
  const texts = ["2024-03-31T10:30:00", "2024-03-31", "2024-03-31T10:30:00.5Z", "10:30:00.25"];
  const cells = [...texts, "2024-02-30", "yesterday"].map((text) => value("d", `<v>${text}</v>`));
  assert.deepEqual(await readCells(cells), [
    new Date("2024-03-31T10:30:00Z"),
    new Date("2024-03-31T00:00:00Z"),
    new Date("2024-03-31T10:30:00.500Z"),
    "10:30:00.25",
    'reject: is not a date in ISO 8601 ("2024-02-30")',
    'reject: is not a date in ISO 8601 ("yesterday")',
  ]);
});

Deno.test("xlsx: errors and formulas without a saved value reject the record", async () => {
  const rows = [
    ["id", "amount", "note"],
    [1, value("e", "<f>1/0</f><v>#DIV/0!</v>"), value("e", "<v>#N/A</v>")],
    [2, { content: "<f>A1+1</f>" }, "x"],
    [3, { content: "<f>A1+1</f><v></v>" }, "x"],
    [4, { content: "<f>A1+1</f><v>5</v>" }, value("str", '<f>""</f><v></v>')],
  ];
  const book = await workbook([{ rows }]);
  const strict = await readXlsx(book);
  assert.deepEqual(strict.records, [[4, 5, null]]);
  const unsaved = "has a formula without a saved value (open the file in Excel and save it)";
  assert.deepEqual(strict.faults, [
    "2: B2 is #DIV/0!; C2 is #N/A",
    `3: B3 ${unsaved}`,
    `4: B4 ${unsaved}`,
  ]);
  const lenient = await readXlsx(book, { errors: "null" });
  assert.deepEqual(lenient.faults, []);
  assert.deepEqual(lenient.records, [[1, null, null], [2, null, "x"], [3, null, "x"], [
    4,
    5,
    null,
  ]]);
});

Deno.test("xlsx: text is not trimmed", async () => {
  const texts = ["  lead", "trail  ", " ", "\ta\u00a0", "two\nlines", "a  b"];
  const shared = texts.map((text) => `<si><t xml:space="preserve">${text}</t></si>`).join("");
  const cells = texts.map((_, i) => value("s", `<v>${i}</v>`));
  assert.deepEqual(await readCells(cells, { strings: shared }), texts);
  assert.deepEqual(await readCells(texts), texts);
});

Deno.test("xlsx: text in parts, escapes, how it is pronounced, and empty text", async () => {
  const strings = [
    '<si><r><rPr><b/></rPr><t>bo</t></r><r><t xml:space="preserve">ld </t></r></si>',
    '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si>',
    "<si><t>a_x000D_\nb_x005F_x000D_</t></si>",
    "<si><t/></si>",
    "<si/>",
    "<si><t>&lt;&#x1F600;&#65;&amp;amp;<![CDATA[<b>&amp;]]></t></si>",
    "<si><t>a\r\nb&#13;</t></si>",
  ];
  const cells = [
    ...strings.map((_, i) => value("s", `<v>${i}</v>`)),
    value("inlineStr", "<is><r><t>in</t></r><r><t>line</t></r></is>"),
    value("str", "<f>A1</f><v>x_x0041_</v>"),
  ];
  assert.deepEqual(await readCells(cells, { strings: strings.join("") }), [
    "bold ",
    "東京",
    "a\r\nb_x000D_",
    null,
    null,
    "<😀A&amp;<b>&amp;",
    "a\nb\r",
    "inline",
    "xA",
  ]);
});

Deno.test("xlsx: each of many shared texts is found", async () => {
  const texts = Array.from({ length: 1_000 }, (_, i) => "é".repeat(i % 7) + i);
  const strings = texts.map((text) => `<si><t>${text}</t></si>`).join("");
  const cells = texts.map((_, i) => value("s", `<v>${i}</v>`));
  assert.deepEqual(await readCells(cells, { strings }), texts);
  await assert.rejects(readCells([value("s", "<v>1000</v>")], { strings }), /text number "1000"/);
});

Deno.test("xlsx: numbers and booleans", async () => {
  const cells = ["0.10000000000000001", "1.2345678901234E+19", "-0", "1e400", "12x", "0x10", " 1"]
    .map((text) => ({ content: `<v>${text}</v>` }));
  const booleans = ["1", "0", "true", "2"].map((text) => value("b", `<v>${text}</v>`));
  assert.deepEqual(await readCells([...cells, ...booleans]), [
    0.1,
    12_345_678_901_234_000_000,
    -0,
    'reject: is not a number ("1e400")',
    'reject: is not a number ("12x")',
    'reject: is not a number ("0x10")',
    1,
    true,
    false,
    true,
    'reject: is not true or false ("2")',
  ]);
});

Deno.test("xlsx: the first visible sheet is read, the others are named", async () => {
  const sheets = [
    { name: "Cover", state: "hidden" as const, rows: [["title"]] },
    { name: "Data", rows: [["id"], [1]] },
    { name: "Lists", state: "veryHidden" as const, rows: [["a"]] },
    { name: "Notes", rows: [["n"], [2]] },
  ];
  const book = await workbook(sheets);
  const first = await readXlsx(book);
  assert.deepEqual(first.records, [[1]]);
  assert.deepEqual(first.notices, [
    'only the sheet "Data" was read, not "Notes"',
    'only the sheet "Data" was read, not the hidden "Cover", "Lists"',
  ]);
  for (const [sheet, header] of [[2, ["n"]], ["Notes", ["n"]], ["Lists", ["a"]]] as const) {
    const other = await readXlsx(book, { sheet });
    assert.deepEqual([other.header, other.notices], [header, []]);
  }
  for (const sheet of ["data", " Data", 3]) {
    const { failure } = await readXlsx(book, { sheet });
    assert.match(failure ?? "", /^xlsx-no-sheet: .*"Cover" \(hidden\), "Data", "Lists" \(hidden\)/);
  }
});

Deno.test("xlsx: an empty first sheet is refused, with the sheet that has values", async () => {
  const rows = [[{ attributes: 's="0"', content: "" }]];
  const book = await workbook([{ rows }, { rows: "" }, { name: "Data", rows: [["id"], [1]] }]);
  const { failure } = await readXlsx(book);
  assert.match(failure ?? "", /^xlsx-empty-sheet: .*"Sheet1": it is empty, but "Data" is not$/);
  const named = await readXlsx(book, { sheet: "Sheet2" });
  assert.match(named.failure ?? "", /^xlsx-no-header: .*"Sheet2": the sheet is empty$/);
  const given = await readXlsx(await workbook([{ rows: "" }]), { header: ["a"] });
  assert.deepEqual([given.failure, given.records], [null, []]);
});

Deno.test("xlsx: blank rows are skipped, values right of the header rejected", async () => {
  const rows = '<row r="2"><c r="B2" t="str"><v>b</v></c><c r="A2" t="str"><v>a</v></c></row>' +
    '<row><c><v>1</v></c><c/><c/></row><row r="6"><c r="A6" t="str"><v></v></c></row>' +
    '<row r="7"><c><v>1</v></c><c r="D7"><v>2</v></c></row><row><c r="B8"><v>3</v></c></row>' +
    '<row r="500" ht="5"/>';
  const reading = await readXlsx(await workbook([{ rows }]));
  assert.deepEqual(reading.header, ["a", "b"]);
  assert.deepEqual(reading.faults, ["7: has a value in column 4 (D7), the header has 2"]);
  assert.deepEqual(reading.calls.filter((call) => !("fault" in call)), [
    { skip: 1 },
    { fields: [1, null], line: 3, raw: "[1]" },
    { skip: 4 },
    { skip: 5 },
    { skip: 6 },
    { fields: [null, 3], line: 8, raw: "[null,3]" },
  ]);
});

Deno.test("xlsx: formulas that were not calculated by their writer are noted", async () => {
  const calculation = '<calcPr calcId="124519" fullCalcOnLoad="1"/>';
  const formula = { content: "<f>A1</f><v>0</v>" };
  const book = await workbook([{ rows: [["a"], [formula]] }], { calculation });
  assert.match((await readXlsx(book)).notices.join(), /formulas whose saved values may be wrong/);
  const plain = await workbook([{ rows: [["a"], [1]] }], { calculation });
  assert.deepEqual((await readXlsx(plain)).notices, []);
});

Deno.test("xlsx: the options of the header", async () => {
  const rows = [["Report"], [null], ["Rain", "Wind", null], ["mm", "km/h", "day"], [1, 2, 3]];
  const book = await workbook([{ rows }]);
  const header = async (options: Parameters<typeof readXlsx>[1]) => {
    const { header, records, failure } = await readXlsx(book, options);
    return failure ?? [header, records];
  };
  const joined = ["Rain mm", "Wind km/h", "day"];
  assert.deepEqual(await header({ skip: 2, headerRows: 2 }), [joined, [[1, 2, 3]]]);
  assert.deepEqual(await header({ skip: 3 }), [["mm", "km/h", "day"], [[1, 2, 3]]]);
  assert.deepEqual(await header({ skipTo: ["day", "mm"] }), [["mm", "km/h", "day"], [[1, 2, 3]]]);
  assert.deepEqual(await header({ skip: 4, header: false }), [["1", "2", "3"], [[1, 2, 3]]]);
  assert.deepEqual(await header({ skip: 4, header: ["a", "b", "c"] }), [["a", "b", "c"], [[
    1,
    2,
    3,
  ]]]);
  assert.match(String(await header({ skipTo: ["none"] })), /^xlsx-no-header: .*skipTo: "none"/);
  assert.match(String(await header({ skip: 9 })), /^xlsx-no-header: .*the sheet is empty/);
});

Deno.test("xlsx: names of columns in the header", async () => {
  const rows = [["a", styled(45_000, 1), 2024, true, "a", null, "z"], [1]];
  const book = await workbook([{ rows }], { builtIn: [14] });
  const names = ["a", "2023-03-15", "2024", "true", "a_2", "column_6", "z"];
  assert.deepEqual((await readXlsx(book, { uniqueNames: true })).header, names);
  assert.match(
    (await readXlsx(book)).failure ?? "",
    /^xlsx-bad-header: .*line 1 of the sheet "Sheet1"/,
  );
  const broken = await workbook([{ rows: [["a", value("e", "<v>#REF!</v>")], [1, 2]] }]);
  assert.match((await readXlsx(broken)).failure ?? "", /it has a cell B1 that is #REF!/);
});

Deno.test("xlsx: without a header, the widest row gives the columns", async () => {
  const book = await workbook([{ rows: [["title", null, null, "x"], ["a"], ["b", "c"]] }]);
  const reading = await readXlsx(book, { header: false, skip: 1 });
  assert.deepEqual([reading.header, reading.records], [["1", "2"], [["a", null], ["b", "c"]]]);
});

Deno.test("xlsx: an error in a column that the module does not read does not matter", async () => {
  const rows = [["id", "note", "n"], [1, value("e", "<v>#REF!</v>"), 2], [
    2,
    "x",
    value("e", "<v>#N/A</v>"),
  ]];
  const wanted = ["n", "id"];
  const reading = await readXlsx(await workbook([{ rows }]), {}, {}, wanted);
  assert.deepEqual(reading.header, ["id", "n"]);
  assert.deepEqual(reading.records, [[1, 2]]);
  assert.deepEqual(reading.faults, ["3: C3 is #N/A"]);
});
