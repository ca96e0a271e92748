import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../src/base/failure.ts";
import { BAD_BYTES, rawText } from "../../../src/sandbox/formats/contract.ts";
import { textDecoder } from "../../../src/sandbox/formats/text/decoder.ts";
import { cutAt } from "./recording.ts";

function decode(pieces: readonly Uint8Array[], label = "utf-8"): string {
  const stream = textDecoder(label);
  return pieces.map((piece) => stream.push(piece)).join("") + stream.end();
}

function utf16(text: string, isLittleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at++) {
    view.setUint16(at * 2, text.charCodeAt(at), isLittleEndian);
  }
  return new Uint8Array(view.buffer);
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const cuts = fc.array(fc.nat(), { maxLength: 12 });

Deno.test("text: a byte order mark overrides the label and is removed, once", () => {
  assert.equal(decode([utf8("\uFEFFa\uFEFFž")], "windows-1252"), "a\uFEFFž");
  assert.equal(decode([utf16("\uFEFFa🎈", true)]), "a🎈");
  assert.equal(decode([utf16("\uFEFFa🎈", false)]), "a🎈");
  const stream = textDecoder("UTF8");
  assert.equal(stream.encoding(), "utf-8");
  stream.push(utf16("\uFEFFab", false));
  assert.equal(stream.encoding(), "utf-16be");
});

Deno.test("text: files shorter than a byte order mark", () => {
  assert.equal(decode([]), "");
  assert.equal(decode([utf8("a")]), "a");
  assert.equal(decode([utf16("\uFEFF", true)]), "");
});

Deno.test("text: a character is returned as soon as it is complete", () => {
  const stream = textDecoder("utf-8");
  const [first, ...rest] = utf8("🎈");
  assert.equal(stream.push(utf8("aé")), "aé");
  assert.equal(stream.push(new Uint8Array([first!])), "");
  assert.equal(stream.push(new Uint8Array(rest)), "🎈");
});

Deno.test("text: the labels of encodings", () => {
  assert.equal(decode([new Uint8Array([0x80, 0xe9])], "cp1252"), "€é");
  assert.equal(decode([utf16("aŽ", true)], "utf-16le"), "aŽ");
  assert.equal(decode([new Uint8Array([0x83]), new Uint8Array([0x65])], "shift_jis"), "テ");
  assert.throws(
    () => textDecoder("utf-9"),
    (error) => error instanceof Failure && error.code === "unknown-encoding",
  );
});

Deno.test("text: invalid bytes are marked, a real U+FFFD is not", () => {
  const bad = new Uint8Array([...utf8("a\uFFFDb"), 0xff, ...utf8("\uFFFDc"), 0xc3]);
  assert.equal(decode([bad]), `a\uFFFDb${BAD_BYTES}\uFFFDc${BAD_BYTES}`);
  assert.equal(decode([utf8("\uFFFD")]), "\uFFFD");
  assert.equal(decode([utf16("a\uD800b\uFFFD", true)], "utf-16le"), `a${BAD_BYTES}b\uFFFD`);
  assert.equal(
    decode([utf16("a\uDC00\uFDFF\uFFFD", false)], "utf-16be"),
    `a${BAD_BYTES}\uFDFF\uFFFD`,
  );
  assert.equal(decode([new Uint8Array([0x61, 0, 0x62])], "utf-16le"), `a${BAD_BYTES}`);
  assert.equal(decode([new Uint8Array([0x61, 0x83])], "shift_jis"), `a${BAD_BYTES}`);
  // U+3DFFF ends, and U+10000 begins, with halves that look like the marker's.
  const around = `\u{3DFFF}${BAD_BYTES}\u{10000}`;
  assert.equal(rawText(around), "\u{3DFFF}\uFFFD\u{10000}");
});

Deno.test("text property: valid text is decoded unchanged, however the bytes are split", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(fc.property(text, cuts, fc.boolean(), (text, cuts, isLittleEndian) => {
    assert.equal(decode(cutAt(utf8("\uFEFF" + text), cuts)), text);
    assert.equal(decode(cutAt(utf16("\uFEFF" + text, isLittleEndian), cuts)), text);
    assert.ok(!text.includes(BAD_BYTES));
  }));
});

Deno.test("text property: any bytes are decoded as the WHATWG specifies, however they are split", () => {
  const byte = fc.constantFrom(
    0x61,
    0x80,
    0xbf,
    0xbd,
    0xc3,
    0xe0,
    0xef,
    0xed,
    0xf0,
    0xf4,
    0xff,
    0xd8,
    0xfd,
    0,
  );
  const bytes = fc.array(byte, { maxLength: 24 }).map((bytes) =>
    new Uint8Array([0x61, 0x61, 0x81, 0x40, ...bytes])
  );
  const labels = fc.constantFrom("utf-8", "utf-16le", "utf-16be", "gbk");
  fc.assert(
    fc.property(bytes, cuts, labels, (bytes, cuts, label) => {
      const text = decode(cutAt(bytes, cuts), label);
      assert.equal(text, decode([bytes], label));
      const expected = new TextDecoder(label, { ignoreBOM: true }).decode(bytes);
      assert.equal(text.replaceAll(BAD_BYTES, "\uFFFD"), expected);
    }),
    { numRuns: 5_000 },
  );
});
