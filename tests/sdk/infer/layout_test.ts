import assert from "node:assert/strict";
import { inferAndRun, inferFiles } from "../../harness/infer.ts";

const options = async (content: string | Uint8Array) =>
  (await inferFiles({ "a.csv": content })).proposal.format.options;

Deno.test("delimiter, quote and header are detected", async () => {
  assert.deepEqual(await options("a,b\n1,2\n"), {});
  assert.deepEqual(await options("a;b\n1,5;2\n3,5;4\n"), { delimiter: ";" });
  assert.deepEqual(await options("a\tb\n1\t2\n"), { delimiter: "\t" });
  assert.deepEqual(await options('a|b\n"x|y"|2\n'), { delimiter: "|" });
  assert.deepEqual(await options("a,b\n'x,y',2\n'z',3\n"), { quote: "'" });
  assert.deepEqual(await options("1,2\n3,4\n"), { header: ["column_1", "column_2"] });
  assert.deepEqual(await options("a,a\n3,4\n"), { uniqueNames: true });
  assert.deepEqual(await options("city,1990,1991\nx,2.5,3.5\n"), {});
});

Deno.test("title lines, a sep= line, units and a delimiter at the end of each line", async () => {
  const { proposal, runs, types } = await inferAndRun({
    "a.csv": "Report 2024;;;\n\nstation;temp;rain;\n;°C;mm;\nOslo;1,5;2;\nBergen;2,5;0;\n",
  });
  assert.deepEqual(proposal.format.options, {
    delimiter: ";",
    skip: 2,
    trailingDelimiter: true,
    headerRows: 2,
  });
  assert.deepEqual(types, { station: "text", "temp °C": "double", "rain mm": "int" });
  assert.deepEqual(runs[0]?.tables[0]?.rows.map((row) => row.slice(1)), [
    ["Oslo", 1.5, 2],
    ["Bergen", 2.5, 0],
  ]);
  assert.deepEqual(await options("sep=;\na;b\n1;2\n3;4\n"), { delimiter: ";" });
});

Deno.test("comments, escapes, blanks after delimiters, totals", async () => {
  const rows = "1,a\n2,b\n3,c\n";
  assert.deepEqual(await options(`# made by x\nid,name\n${rows}`), { comment: "#" });
  assert.deepEqual(await options('id,name\n1,"5\\" pipe, long"\n2,"b, c"\n'), { escape: "\\" });
  assert.deepEqual(await options('id, name\n1, "Oslo, Norway"\n2, Bergen\n'), { trim: true });
  assert.deepEqual(await options(`id,name,n\n1,a,2\n2,b,3\nTotal,,5\n`), { stopAt: "Total" });
  assert.deepEqual(await options(`id,name\n${rows}\n(3 rows)\n`), { skipLast: 1 });
  assert.deepEqual(await options("id,name\r\r\n1,a\r\r\n2,b\r\r\n"), { lineEnd: "\r\r\n" });
  assert.deepEqual(await options(`id;name;\n1;a\n2;b\n`), {
    delimiter: ";",
    trailingDelimiter: true,
  });
});

Deno.test("options that make records readable are proposed, and said", async () => {
  const many = Array.from({ length: 20 }, (_, i) => `${i},"x, y"\n`).join("");
  const stray = await inferFiles({ "a.csv": `id,name\n${many}20,5" pipe\n` });
  assert.deepEqual(stray.proposal.format.options, { strayQuotes: "keep" });
  assert.match(stray.unsure.join(), /1 record has quotes within fields/);
  const escaped = await inferFiles({ "a.csv": 'id,name\n1,"5\\" pipe"\n2,x\n' });
  assert.deepEqual(escaped.proposal.format.options, { escape: "\\" });
  const spaced = await inferFiles({ "a.csv": 'id,name\n1, "Oslo, Norway"\n2,x\n' });
  assert.deepEqual(spaced.proposal.format.options, { trim: true });
  const short = await inferFiles({ "a.csv": `id,name\n${many}20\n` });
  assert.deepEqual(short.proposal.format.options, { ragged: "pad" });
  assert.match(short.unsure.join(), /1 record has fewer fields than the header/);
  const other = await inferFiles({ "a.csv": "id,name\n1,x\n2\n3\n" });
  assert.deepEqual(other.proposal.format.options, {});
  assert.equal(other.proposal.faults, 2);
  assert.match(other.ingest, /2 records cannot be read, the first at line 3: it has 1 field/);
});

Deno.test("encodings are detected by their characters, and said", async () => {
  const cases: [label: string, bytes: number[], text: string][] = [
    // "Müller", "Größe"
    ["windows-1252", [0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72], "Müller"],
    ["windows-1252", [0x47, 0x72, 0xf6, 0xdf, 0x65], "Größe"],
    // "山田太郎"
    ["shift_jis", [0x8e, 0x52, 0x93, 0x63, 0x91, 0xbe, 0x98, 0x59], "山田太郎"],
    // "北京市"
    ["gb18030", [0xb1, 0xb1, 0xbe, 0xa9, 0xca, 0xd0], "北京市"],
    // "서울시"
    ["euc-kr", [0xbc, 0xad, 0xbf, 0xef, 0xbd, 0xc3], "서울시"],
    // "Москва"
    ["windows-1251", [0xcc, 0xee, 0xf1, 0xea, 0xe2, 0xe0], "Москва"],
    // "Zürich" as DOS wrote it
    ["cp850", [0x5a, 0x81, 0x72, 0x69, 0x63, 0x68], "Zürich"],
  ];
  for (const [label, bytes, text] of cases) {
    const content = new Uint8Array([...ascii("name,n\n"), ...bytes, ...ascii(",1\nx,2\n")]);
    const { proposal } = await inferFiles({ "a.csv": content });
    assert.deepEqual(proposal.format.options, { encoding: label });
    assert.match(proposal.notes.join(), new RegExp(`reads as ${label}: "${text}"`));
  }
  const utf16 = new Uint8Array([...ascii("a,ü\n1,2\n")].flatMap((byte) => [byte, 0]));
  assert.deepEqual(await options(utf16), { encoding: "utf-16le" });
  assert.deepEqual(await options("a,b\nMüller,2\n"), {});
});

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

Deno.test("JSON: lines, an array, and records within an object", async () => {
  const format = async (text: string) => (await inferFiles({ "a.json": text })).proposal.format;
  const record = { a: 1, list: [1, 2], inner: { b: [{ c: 2 }] } };
  const lines = `${JSON.stringify(record)}\n`.repeat(2);
  assert.deepEqual(await format(lines), { kind: "jsonl", options: {} });
  assert.deepEqual(await format(JSON.stringify([record, record], null, 2)), {
    kind: "json",
    options: {},
  });
  assert.deepEqual(await format(JSON.stringify({ meta: { n: 1 }, data: { items: [record] } })), {
    kind: "json",
    options: { at: "data.items" },
  });
  const two = await inferFiles({ "a.json": JSON.stringify({ a: [record], b: [record] }) });
  assert.match(two.unsure.join(), /the records are taken from "a"; the file also has b/);
});

Deno.test("what has no records is refused with the reason", async () => {
  const refused = (content: string, reason: RegExp) =>
    assert.rejects(inferFiles({ "a.txt": content }), { code: "nothing-to-infer", message: reason });
  await refused("", /it is empty/);
  await refused("[1, 2]", /its array has no objects/);
  await refused('{"a": {"b": 1},\n "c": [[1]]}', /no array of objects/);
  await refused("<!DOCTYPE html><p>Not found", /a web page/);
  await refused("a,b\n", /it has no records that can be read$/);
});
