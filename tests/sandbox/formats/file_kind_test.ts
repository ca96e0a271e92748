import assert from "node:assert/strict";
import { Failure } from "../../../src/base/failure.ts";
import { checkKind, HEAD_BYTES } from "../../../src/sandbox/formats/unpack/file_kind.ts";
import type { DeclaredFormat } from "../../../src/sandbox/wire/declaration.ts";
import { avro, csv, json, jsonl, parquet, tsv, xlsx } from "../../../src/sdk/mod.ts";

type Content = string | Uint8Array;

/** Latin-1, so that signatures can be written as text. */
function bytesOf(content: Content): Uint8Array {
  return typeof content === "string"
    ? Uint8Array.from(content, (character) => character.charCodeAt(0))
    : content;
}

function refusal(content: Content, format: DeclaredFormat): string | null {
  try {
    checkKind(bytesOf(content).subarray(0, HEAD_BYTES), format, "the file");
    return null;
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, "wrong-format");
    assert.ok(error.hint);
    return error.message.replace("Cannot read the file: it is ", "");
  }
}

function utf16(text: string, bigEndian = false): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), !bigEndian);
  return bytes;
}

const tar = new Uint8Array(512);
tar.set(bytesOf("data.csv"));
tar.set(bytesOf("ustar\0"), 257);

const WRONG: [what: RegExp, content: Content][] = [
  [/^a Parquet file, the module reads CSV$/, "PAR1\x15\x04\x15\x10"],
  [/^an Avro file/, "Obj\x01\x04\x14avro.codec"],
  [/^a PDF/, "%PDF-1.7\n"],
  [/^an old Excel workbook \(\.xls\), or one with a password/, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
  [/^a web page \(HTML\)/, "<!DOCTYPE html>\n<html><body>Sign in</body></html>"],
  [/^a web page \(HTML\)/, "\xef\xbb\xbf\r\n <html lang='en'><table><tr><td>id</td>"],
  [/^an XML document/, '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>'],
  [/^JSON/, '[{"id": 1, "name": "a"}]'],
  [/^JSON/, '[\n  {\n    "id": 1\n  }\n]'],
  [/^JSON/, '{\n  "data": [1, 2]\n}'],
  [/^JSON/, '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n'],
  [/^JSON/, `{"text": "${"a".repeat(9_000)}"}`],
  [/^UTF-16LE text without a mark/, utf16("id,name\n1,a\n")],
  [/^UTF-16BE text without a mark/, utf16("id,name\n1,a\n", true)],
  [/^compressed with bzip2/, "BZh91AY&SY\x8d\x00"],
  [/^compressed with xz/, "\xfd7zXZ\0\0"],
  [/^compressed with Zstandard/, "(\xb5/\xfd\x24"],
  [/^compressed with 7-Zip/, "7z\xbc\xaf\x27\x1c\0"],
  [/^compressed with RAR/, "Rar!\x1a\x07\x01\0"],
  [/^a SQLite database/, "SQLite format 3\0"],
  [/^a tar archive/, tar],
  [/^a PNG image/, "\x89PNG\r\n\x1a\n"],
];

for (const [what, content] of WRONG) {
  Deno.test(`a CSV file is not ${what.source.replaceAll(/[\\^$]/g, "")}`, () => {
    assert.match(refusal(content, csv())!, what);
  });
}

Deno.test("text that only looks like another format is read", () => {
  const texts = [
    "PK,name\n1,a\n",
    "PAR1,PAR2\n1,2\n",
    "ORC,team\n1,a\n",
    "Obj,count\n",
    "BZh,1\n",
    "%PDF-Anteil,Jahr\n3,2020\n",
    "Rar!,x\n",
    "FEA1,FEA2\n",
    "<id>,<name>\n1,2\n",
    "<html5>,x\n",
    "[id],[name]\n1,a\n",
    "{a},{b}\n1,2\n",
    "[1],x\n",
    '{"a": 1},x\n2,3\n',
    "{",
    "7z,a\n",
    "\xff\xd8\xff,a\n",
    "a\0b,c\n\0,\0\n",
    "\0\0\0\0",
    "",
    "x",
  ];
  for (const text of texts) assert.equal(refusal(text, csv()), null, JSON.stringify(text));
  for (const text of texts) assert.equal(refusal(text, tsv()), null, JSON.stringify(text));
});

Deno.test("JSON is read as CSV if the module names the columns itself", () => {
  const lines = '{"id":1}\n{"id":2}\n';
  for (const header of [["json"], false]) {
    const format = csv({ header, delimiter: "\x01", quote: "" });
    assert.equal(refusal(lines, format), null);
  }
  assert.equal(refusal(lines, jsonl()), null);
  assert.equal(refusal('[{"id":1}]', json()), null);
});

Deno.test("UTF-16 is read if the module names it, or the file has its mark", () => {
  assert.equal(refusal(utf16("id,name\n"), csv({ encoding: "utf-16le" })), null);
  assert.equal(refusal(utf16("\ufeffid,name\n"), csv()), null);
  assert.equal(refusal(utf16("\ufeffid,name\n", true), csv()), null);
});

Deno.test("binary formats say what they got instead", () => {
  assert.equal(refusal("PAR1\x15\x04\x15\x10", parquet()), null);
  assert.equal(refusal("Obj\x01\x04\x14avro.codec", avro()), null);
  const cases: [Content, DeclaredFormat, string][] = [
    ["id,name\n1,a\n", xlsx(), "text, the module reads Excel workbooks (.xlsx)"],
    ["<html><table>", xlsx(), "a web page (HTML), the module reads Excel workbooks (.xlsx)"],
    ["id,name\n", parquet(), "text, the module reads Parquet"],
    ["Obj\x01\x04", parquet(), "an Avro file, the module reads Parquet"],
    ["PAR1\x15\x04", avro(), "a Parquet file, the module reads Avro"],
  ];
  for (const [content, format, text] of cases) assert.equal(refusal(content, format), text);
  // Unknown bytes are left to the reader of the format.
  assert.equal(refusal("\x00\x01\x02", avro()), null);
});
