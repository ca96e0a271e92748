import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../src/base/failure.ts";
import { BAD_BYTES } from "../../../src/sandbox/formats/contract.ts";
import { EncodingChoice } from "../../../src/sandbox/formats/text/encoding_choice.ts";
import { textDecoder } from "../../../src/sandbox/formats/text/decoder.ts";
import { formatSchema } from "../../../src/sandbox/wire/format_options.ts";
import { cutAt } from "./recording.ts";

function decode(label: string, ...pieces: Uint8Array[]): string {
  const stream = textDecoder(label);
  return pieces.map((piece) => stream.push(piece)).join("") + stream.end();
}

const bytes = (...values: number[]) => new Uint8Array(values);
const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const utf8 = (text: string) => new TextEncoder().encode(text);
const joined = (...parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));

function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("encodings: text in each family of encodings", () => {
  const rows: [string, string, string][] = [
    ["windows-1250", "8E 9A E8", "Žšč"],
    ["windows-1251", "CC EE F1 EA E2 E0 B9", "Москва№"],
    ["windows-1252", "4D FC 6C 6C 65 72 80", "Müller€"],
    ["windows-1253", "C1 E8 DE ED E1", "Αθήνα"],
    ["windows-1254", "DD 73 74 61 6E 62 75 6C", "İstanbul"],
    ["windows-1257", "D0 E8", "Šč"],
    ["windows-874", "A1 A2 80", "กข€"],
    ["iso-8859-1", "4D FC 6C 6C 65 72 A4", "Müller¤"],
    ["iso-8859-2", "A9 B9 E8", "Ššč"],
    ["iso-8859-5", "BC DE E1 DA D2 D0", "Москва"],
    ["iso-8859-9", "DD FE", "İş"],
    ["iso-8859-11", "A1 A2", "กข"],
    ["iso-8859-15", "A4 BD", "€œ"],
    ["koi8-r", "ED CF D3 CB D7 C1", "Москва"],
    ["cp437", "4D 81 6C 6C 65 72 20 9B E1", "Müller ¢ß"],
    ["cp850", "4D 81 6C 6C 65 72 20 9B D5 9D E1", "Müller øıØß"],
    ["shift_jis", "83 65 B1 93 FA 96 7B", "テｱ日本"],
    ["gb18030", "D6 D0 CE C4 81 30 81 30 80", "中文\u0080€"],
    ["gbk", "D6 D0 CE C4", "中文"],
    ["euc-kr", "C7 D1 B1 B9", "한국"],
    ["big5", "A4 A4 A4 E5", "中文"],
    ["us-ascii", "41 7E", "A~"],
  ];
  for (const [label, encoded, text] of rows) {
    // A C1 control character is not text, even where GB18030 can write one.
    assert.equal(decode(label, hex(encoded)), text.replaceAll("\u0080", BAD_BYTES), label);
  }
});

Deno.test("encodings: cp437 and cp850 have all 256 characters, each once", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  for (const label of ["cp437", "cp850"]) {
    const text = decode(label, all);
    assert.equal(new Set(text).size, 256, label);
    assert.equal(text.slice(0, 128), String.fromCharCode(...all.subarray(0, 128)));
  }
  assert.equal(decode("ibm850", bytes(0xff, 0xf0)), "\u00A0\u00AD");
  assert.equal(decode("IBM437", bytes(0xff, 0xf0)), "\u00A0≡");
});

Deno.test("encodings: undefined bytes are invalid", () => {
  const rows: [string, number[]][] = [
    ["windows-1252", [0x81, 0x8d, 0x8f, 0x90, 0x9d]],
    ["windows-1250", [0x81, 0x83, 0x88, 0x90, 0x98]],
    ["windows-1251", [0x98]],
    ["windows-1253", [0x81, 0xaa, 0xd2, 0xff]],
    ["iso-8859-1", [0x80, 0x85, 0x9f]],
    ["iso-8859-2", [0x80, 0x9f]],
    ["iso-8859-7", [0x9f, 0xae, 0xff]],
    ["iso-8859-9", [0x80, 0x9f]],
    ["iso-8859-11", [0x80, 0xdb, 0xff]],
    ["us-ascii", [0x80, 0xe9, 0xff]],
    ["shift_jis", [0x80, 0xa0, 0xfd, 0xff]],
    ["gbk", [0xff]],
    ["euc-kr", [0x80, 0xff]],
  ];
  for (const [label, undefined_] of rows) {
    for (const byte of undefined_) {
      const text = decode(label, bytes(0x61, byte, 0x62));
      assert.equal(text, `a${BAD_BYTES}b`, `${label} ${byte.toString(16)}`);
    }
  }
});

Deno.test("encodings: an unknown label names those that are known", () => {
  const failure = failureOf(() => textDecoder("utf-9"));
  assert.equal(failure.code, "unknown-encoding");
  assert.match(failure.message, /the encoding "utf-9" is unknown/);
  assert.match(failure.hint ?? "", /utf-8, .*windows-1250 to windows-1258.*cp850.*gb18030/);
  for (const option of ["utf-9", "x-user-defined", ["utf-8", "cp9"], []]) {
    const found = formatSchema.safeParse({ kind: "csv", options: { encoding: option } });
    assert.equal(found.success, false, String(option));
  }
  const list = { kind: "jsonl", options: { encoding: ["utf-8", "latin-1"] } };
  assert.equal(formatSchema.safeParse(list).success, true);
});

Deno.test("encodings: a UTF-8 file is not read with an older encoding", () => {
  const rows: [string, string, RegExp][] = [
    ["windows-1252", "name\nMüller\n", /it is UTF-8, not windows-1252; "ü" would be read as "Ã¼"/],
    ["iso-8859-1", "é", /"é" would be read as "Ã©"/],
    ["latin-1", "a“b", /it is UTF-8, not iso-8859-1/],
    ["cp850", "Müller", /"ü" would be read as "├╝"/],
    ["windows-1251", "Москва", /not windows-1251; "М" would be read as "Рњ"/],
    ["koi8-r", "Привет", /not koi8-r/],
    ["shift_jis", "日本語", /not shift_jis/],
    ["gb18030", "中文", /not gb18030/],
    ["gbk", "Größe, Käse, Übung", /not gbk/],
    ["euc-kr", "한국", /not euc-kr/],
  ];
  for (const [label, text, expected] of rows) {
    const failure = failureOf(() => decode(label, utf8(text)));
    assert.equal(failure.code, "wrong-encoding", label);
    assert.match(failure.message, expected);
    assert.match(failure.hint ?? "", /encoding: "utf-8", or encoding: \["utf-8", /);
  }
});

Deno.test("encodings: text that could be UTF-8 by chance is read as declared", () => {
  const rows: [string, string, string][] = [
    ["windows-1252", "4E 45 53 54 4C C9 AE", "NESTLÉ®"],
    ["windows-1252", "53 70 61 DF AE", "Spaß®"],
    ["windows-1252", "C3 BC 20 FC", "Ã¼ ü"],
    // One character in ten is two valid bytes of UTF-8.
    ["gb18030", "D2 BB", "一"],
    ["gb18030", "C5 AE C5 AE C5 AE C5 AE", "女女女女"],
    ["shift_jis", "C4 B1", "ﾄｱ"],
  ];
  for (const [label, encoded, text] of rows) assert.equal(decode(label, hex(encoded)), text);
});

Deno.test("encodings: a UTF-8 file with one wrong byte is still UTF-8", () => {
  const damaged = joined(utf8("Müller\n".repeat(50)), bytes(0xfc), utf8("\nMüller".repeat(50)));
  assert.equal(failureOf(() => decode("windows-1252", damaged)).code, "wrong-encoding");
  // A few names that were damaged before do not make a file UTF-8.
  const old = joined(utf8("Müller\n".repeat(3)), bytes(0xfc, 0x0a, 0xe4, 0x0a), utf8("Müller"));
  assert.match(decode("windows-1252", old), /^MÃ¼ller\n.*\nü\nä\nMÃ¼ller$/s);
});

Deno.test("encodings: of a list, the first in which the whole file is valid", () => {
  const choose = (labels: string[], ...pieces: Uint8Array[]) => {
    const choice = new EncodingChoice(labels);
    for (const piece of pieces) choice.push(piece);
    return choice.end();
  };
  const old = bytes(0x4d, 0xfc, 0x6c);
  assert.equal(choose(["utf-8", "windows-1252"], old), "windows-1252");
  assert.equal(choose(["utf-8", "windows-1252"], utf8("Mül"), utf8("ler")), "utf-8");
  assert.equal(choose(["windows-1252", "utf-8"], utf8("Müller")), "utf-8");
  assert.equal(choose(["utf-8", "windows-1252"]), "utf-8");
  assert.equal(choose(["utf-16le", "utf-16be"]), "utf-16le");
  // The decision waits for the last byte.
  const late = joined(utf8("a".repeat(100_000)), bytes(0xe9));
  assert.equal(choose(["utf-8", "iso-8859-1"], late), "iso-8859-1");
  // 81 is undefined in windows-1252, and 8E in iso-8859-1.
  assert.equal(choose(["utf-8", "iso-8859-1", "windows-1252", "cp850"], bytes(0x81)), "cp850");
  // UTF-16 without a byte order mark is valid UTF-8 with NULs, and ASCII is valid UTF-16.
  assert.equal(choose(["utf-8", "utf-16le"], bytes(0x61, 0, 0x0a, 0)), "utf-16le");
  assert.equal(choose(["utf-16le", "utf-8"], utf8("ab")), "utf-8");
  assert.equal(choose(["utf-8", "shift_jis"], hex("93 FA 96 7B")), "shift_jis");
});

Deno.test("encodings: a file in none of the list names the first wrong line of each", () => {
  const choice = new EncodingChoice(["utf-8", "us-ascii", "windows-1252"]);
  choice.push(joined(utf8("id\né\n"), bytes(0x81)));
  const failure = failureOf(() => choice.end());
  assert.equal(failure.code, "no-encoding-fits");
  assert.match(
    failure.message,
    /utf-8 \(line 3 has invalid bytes\), us-ascii \(line 2 has .*\), windows-1252 \(line 3 has/,
  );
  const damaged = new EncodingChoice(["utf-8", "windows-1252"]);
  damaged.push(joined(utf8("ü\n".repeat(60)), bytes(0xfc)));
  assert.match(failureOf(() => damaged.end()).message, /windows-1252 \(it is UTF-8\)/);
});

const LABELS = ["windows-1252", "iso-8859-1", "cp437", "windows-1253", "shift_jis", "gb18030"];

Deno.test("encodings property: decoding does not depend on how the bytes are split", () => {
  const byte = fc.constantFrom(0x41, 0x80, 0x81, 0x8e, 0xa9, 0xb1, 0xc3, 0xc5, 0xe4, 0xf0, 0xff);
  const input = fc.array(byte, { maxLength: 24 }).map((all) => new Uint8Array([0x61, ...all]));
  const cuts = fc.array(fc.nat(), { maxLength: 8 });
  const outcome = (label: string, pieces: Uint8Array[]) => {
    try {
      return decode(label, ...pieces);
    } catch (error) {
      assert.ok(error instanceof Failure);
      return error.message;
    }
  };
  fc.assert(
    fc.property(input, cuts, fc.constantFrom(...LABELS), (input, cuts, label) => {
      assert.equal(outcome(label, cutAt(input, cuts)), outcome(label, [input]));
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("encodings property: valid UTF-8 is noticed exactly as the runtime's decoder does", () => {
  const byte = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xe0, 0xed, 0xf0, 0xf4));
  const input = fc.oneof(
    fc.array(byte, { maxLength: 5 }).map((all) => new Uint8Array(all)),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).map(utf8),
  );
  fc.assert(
    fc.property(input, (input) => {
      // The rest of the text has characters of three bytes, so that valid UTF-8 is certain.
      const all = joined(utf8("€"), input);
      const isValid = utf8(new TextDecoder().decode(all)).toHex() === all.toHex();
      fc.pre(input[0] !== 0xfe);
      const text = (() => {
        try {
          return decode("windows-1252", all);
        } catch {
          return null;
        }
      })();
      assert.equal(text === null, isValid);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("encodings property: text survives in the list, in whichever encoding it was written", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."aäöüéß€ \n,"), maxLength: 40 });
  const table = new Map<string, number>();
  for (let value = 0; value < 256; value++) table.set(decode("windows-1252", bytes(value)), value);
  fc.assert(fc.property(letters, fc.boolean(), (letters, isOld) => {
    // "ß€" alone is valid in both.
    const text = `${letters}\nü,`;
    const encoded = isOld ? bytes(...[...text].map((one) => table.get(one)!)) : utf8(text);
    const choice = new EncodingChoice(["utf-8", "windows-1252"]);
    choice.push(encoded);
    assert.equal(decode(choice.end(), encoded), text);
  }));
});
