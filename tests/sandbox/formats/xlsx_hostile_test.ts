import assert from "node:assert/strict";
import fc from "fast-check";
import { overlapped, zip } from "../../harness/archives.ts";
import {
  relations,
  type SheetSpec,
  styled,
  workbook,
  type WorkbookOptions,
  workbookParts,
} from "../../harness/workbooks.ts";
import { readXlsx } from "./xlsx_reading.ts";

const HEADER = '<row r="1"><c r="A1" t="str"><v>a</v></c></row>';
const SHEET = "xl/worksheets/sheet1.xml";

async function failureOf(
  sheet: SheetSpec,
  options: WorkbookOptions = {},
  maxWholeBytes?: number,
): Promise<string> {
  const limits = maxWholeBytes === undefined ? {} : { maxWholeBytes };
  const { failure } = await readXlsx(await workbook([sheet], options), {}, limits);
  return failure ?? "none";
}

Deno.test("xlsx: rows and cells that contradict each other are refused", async () => {
  const cases: Record<string, RegExp> = {
    '<row r="2"/><row r="2"/>': /row 2 comes after row 2$/,
    '<row r="3"/><row r="2"/>': /row 2 comes after row 3$/,
    '<row r="0"/>': /a row with the number "0"$/,
    '<row r="1048577"/>': /a row with the number "1048577"$/,
    '<row r="2x"/>': /a row with the number "2x"$/,
    '<row r="2"><c r="A3"/></row>': /cell A3 is in row 2$/,
    '<row r="2"><c r="XFE2"/></row>': /it has a cell "XFE2"$/,
    '<row r="2"><c r="2A"/></row>': /it has a cell "2A"$/,
    '<row r="2"><c r="A"/></row>': /cell A is in row 2$/,
    '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>': /two cells A2$/,
    '<row r="2"><c r="A2" t="s"><v>7</v></c></row>': /text number "7", which does not exist$/,
    '<row r="2"><c r="A2" t="s"><v>-1</v></c></row>': /text number "-1", which does not exist$/,
    '<row r="2"><c r="A2" s="9"><v>1</v></c></row>': /style 9, which does not exist$/,
    '<row r="2"><c r="A2" s="x"><v>1</v></c></row>': /style NaN, which does not exist$/,
    '<row r="2"><c r="A2" t="z"><v>1</v></c></row>': /unknown type "z"$/,
  };
  for (const [rows, expected] of Object.entries(cases)) {
    const failure = await failureOf({
      rows: HEADER.slice(0, rows.includes('r="0"') ? 0 : undefined) + rows,
    });
    assert.match(failure, /^xlsx-corrupt: Cannot read the Excel file: /, rows);
    assert.match(failure, expected, rows);
  }
});

Deno.test("xlsx: XML that is wrong is refused", async () => {
  const cases: Record<string, RegExp> = {
    '<row r="2">': /a closing tag does not match its element$/,
    "</sheetData>": /a closing tag does not match its element$/,
    '<row r="2"><c r="A2"><v>&x;</v></c></row>': /an unknown entity$/,
    '<row r="2"><c r="A2"><v>&#xD800;</v></c></row>': /an unknown entity$/,
    '<row r="2"><c r="A2"><v>a & b</v></c></row>': /an unknown entity$/,
    '<!DOCTYPE a [<!ENTITY x "y">]>': /a document type declaration$/,
    "<>": /not well-formed$/,
    [`${"<x>".repeat(100)}`]: /nested too deeply$/,
    [`<row r="2"><c r="A2"><v>${"1".repeat(1_300_000)}</v></c></row>`]:
      /tag or text in it is too long$/,
    [`<row r="2" x="${"y".repeat(1_300_000)}"/>`]: /tag or text in it is too long$/,
  };
  for (const [rows, expected] of Object.entries(cases)) {
    const failure = await failureOf({ rows: HEADER + rows });
    assert.match(failure, /^xlsx-corrupt: .*"xl\/worksheets\/sheet1.xml" cannot be parsed: /);
    assert.match(failure, expected);
  }
  const documents: Record<string, RegExp> = {
    "": /it ends early$/,
    "<worksheet>": /it ends early$/,
    "<worksheet/>x": /there is text/,
    "<worksheet/><worksheet/>": /two root elements$/,
    "x<worksheet/>": /text outside its root element$/,
    '<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>': /a document type declaration$/,
    '<?xml version="1.0" encoding="ISO-8859-1"?><worksheet/>': /its encoding is "ISO-8859-1"$/,
    "<worksheet>\xff</worksheet>": /not valid Unicode$/,
  };
  for (const [xml, expected] of Object.entries(documents)) {
    const bytes = new Uint8Array([...xml].map((char) => char.charCodeAt(0)));
    const parts = { "xl/worksheets/sheet1.xml": bytes as unknown as string };
    assert.match(await failureOf({ rows: "" }, { parts }), expected, xml);
  }
});

Deno.test("xlsx: parts that are missing or named twice are refused", async () => {
  const rows = HEADER + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>';
  const cases: Record<string, RegExp> = {
    [SHEET]: /^xlsx-corrupt: .*"xl\/worksheets\/sheet1.xml" is missing$/,
    "xl/workbook.xml": /^xlsx-corrupt: .*"xl\/workbook.xml" is missing$/,
    "xl/_rels/workbook.xml.rels": /^xlsx-corrupt: .*"xl\/_rels\/workbook.xml.rels" is missing$/,
    "xl/sharedStrings.xml": /^xlsx-corrupt: .*text number "0", which does not exist$/,
  };
  for (const [part, expected] of Object.entries(cases)) {
    assert.match(await failureOf({ rows }, { parts: { [part]: null } }), expected);
  }
  const twice = await workbook([{ rows: "" }], { parts: { "XL/Workbook.xml": "<workbook/>" } });
  assert.match((await readXlsx(twice)).failure ?? "", /two parts named "XL\/Workbook.xml"$/);
  const noId = '<workbook><sheets><sheet name="a" sheetId="1"/></sheets></workbook>';
  const parts = { "xl/workbook.xml": noId };
  assert.match(await failureOf({ rows }, { parts }), /^xlsx-corrupt: .*list of sheets is damaged$/);
});

Deno.test("xlsx: other files are recognized", async () => {
  const ole = new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
  const files: [Uint8Array, RegExp][] = [
    [ole, /^xlsx-corrupt: .*it has a password or is an old \.xls file$/],
    [await zip([["a.txt", "x"]]), /^xlsx-corrupt: .*it is not a workbook$/],
    [await zip([["content.xml", "<a/>"]]), /^xlsx-corrupt: .*it is an OpenDocument file$/],
    [
      await zip([["_rels/.rels", relations([["r", "officeDocument", "xl/workbook.bin"]])]]),
      /^xlsx-corrupt: .*binary workbook \(\.xlsb\)$/,
    ],
    [new Uint8Array(), /^zip-corrupt: /],
    [overlapped(await workbook([{ rows: HEADER }])), /^zip-corrupt: .*overlap/],
  ];
  for (const [bytes, expected] of files) {
    assert.match((await readXlsx(bytes)).failure ?? "", expected);
  }
});

Deno.test("xlsx: names of parts are found however they are written", async () => {
  const sheet =
    `<worksheet><sheetData>${HEADER}<row r="2"><c r="A2"><v>1</v></c></row></sheetData></worksheet>`;
  for (
    const target of ["/data/One.XML", "../data/one.xml", "./../data//one.xml", "..\\data\\one.xml"]
  ) {
    const parts = {
      [SHEET]: null,
      "data/one.xml": sheet,
      "xl/_rels/workbook.xml.rels": relations([["rId1", "worksheet", target]]),
    };
    const reading = await readXlsx(await workbook([{ rows: "" }], { parts }));
    assert.deepEqual([reading.failure, reading.records], [null, [[1]]], target);
  }
});

Deno.test("xlsx: prefixes and the strict variant of the standard", async () => {
  const strict = "http://purl.oclc.org/ooxml/officeDocument/relationships";
  const parts = {
    "xl/workbook.xml": `<x:workbook xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main" ` +
      `xmlns:q="${strict}" conformance="strict"><x:sheets><x:sheet name="S" sheetId="1" q:id="a"/>` +
      "</x:sheets></x:workbook>",
    "xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" ` +
      `Type="${strict}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    [SHEET]:
      "\ufeff<x:worksheet><!-- a --><x:sheetData><x:row r='1'><x:c r='A1' t = 'str' ><x:v>a" +
      "</x:v ></x:c></x:row>\r\n<x:row\nr='2'><x:c r='A2' x='>' ><x:v>1</x:v></x:c></x:row>" +
      "</x:sheetData><x:extLst><x:c r='Z9'/></x:extLst></x:worksheet>",
  };
  const reading = await readXlsx(await workbook([{ rows: "" }], { parts }));
  assert.deepEqual([reading.failure, reading.records], [null, [[1]]]);
});

Deno.test("xlsx: cells far to the right cost no memory", async () => {
  const rows = Array.from(
    { length: 20_000 },
    (_, i) => `<row r="${i + 2}"><c r="XFD${i + 2}"><v>1</v></c></row>`,
  );
  const reading = await readXlsx(await workbook([{ rows: HEADER + rows.join("") }]));
  assert.equal(reading.faults.length, 20_000);
  assert.equal(reading.faults[0], "2: has a value in column 16384 (XFD2), the header has 1");
});

Deno.test("xlsx: parts over the limits are refused", async () => {
  const limit = 64 * 1024;
  const strings = `<si><t>${"x".repeat(100)}</t></si>`.repeat(1_000);
  const texts = await failureOf({ rows: HEADER }, { strings }, limit);
  assert.match(texts, /^xlsx-too-large: .*"xl\/sharedStrings.xml" has more than 65,536 bytes$/);
  const rows = HEADER + "<x/>".repeat(17 * limit / 4);
  assert.match(await failureOf({ rows }, {}, limit), /^zip-too-large: /);
});

Deno.test("xlsx: a workbook with any damage is read or refused with a code", async () => {
  const sheets = [{
    rows: [["a", "b"], [1, "x"], [styled(45_382.5, 1), {
      attributes: 't="s"',
      content: "<v>0</v>",
    }]],
    after: '<mergeCells><mergeCell ref="A2:B3"/></mergeCells>',
  }];
  const options = { formats: ["yyyy-mm-dd hh:mm"], strings: "<si><r><t>shared</t></r></si>" };
  const parts = workbookParts(sheets, options);
  const names = Object.keys(parts);
  const tokens = [
    "<",
    ">",
    '"',
    "/",
    "&",
    "=",
    "1e9",
    "-1",
    "<a>",
    "</a>",
    "[$",
    "\u0000",
    "0".repeat(50),
  ];
  const change = fc.record({
    part: fc.constantFrom(...names),
    at: fc.nat(2_000),
    length: fc.nat(8),
    token: fc.constantFrom("", ...tokens),
  });
  const settings = [{}, { text: true, mergedCells: "fill" as const }, { header: false }];
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const changed = { ...parts };
      for (const { part, at, length, token } of changes) {
        const text = changed[part] ?? "";
        const from = at % (text.length + 1);
        changed[part] = text.slice(0, from) + token + text.slice(from + length);
      }
      const bytes = await zip(Object.entries(changed));
      for (const one of settings) {
        const { failure } = await readXlsx(bytes, one);
        if (failure !== null) assert.match(failure, /^(xlsx|zip)-[a-z-]+: Cannot /);
      }
    }),
    { numRuns: 100 },
  );
});
