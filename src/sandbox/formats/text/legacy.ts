import type { CharacterStream } from "./character_stream.ts";
import { BAD_BYTES } from "../contract.ts";
import { Utf8Watch } from "./utf8_watch.ts";

// The characters of bytes 80 to FF.
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫" +
  "╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00A0";
const CP850 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘" +
  "┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0";

/** Encodings that the runtime lacks: the characters of bytes 80 to FF. */
const OWN: Readonly<Record<string, string>> = { cp437: CP437, cp850: CP850 };

/** Encodings that the WHATWG reads as larger ones: those, and the first byte that counts there. */
const PART_OF: Readonly<Record<string, { base: string; defined: number }>> = {
  "us-ascii": { base: "windows-1252", defined: 0x100 },
  "iso-8859-1": { base: "windows-1252", defined: 0xa0 },
  "iso-8859-9": { base: "windows-1254", defined: 0xa0 },
  "iso-8859-11": { base: "windows-874", defined: 0xa0 },
};

/** What undefined bytes decode to: by the WHATWG's tables, often to control characters. */
const UNDEFINED = /[\x80-\x9f\uFFFD]/;

const SEVERAL_BYTES = new Set([
  "shift_jis",
  "euc-jp",
  "iso-2022-jp",
  "gbk",
  "gb18030",
  "big5",
  "euc-kr",
]);

/**
 * Encodings older than Unicode. Bytes that the encoding does not define are invalid, and so are the
 * control characters 80 to 9F of ISO 8859: in a file they are text of another encoding.
 *
 * @throws {Failure} `push` and `end` throw `wrong-encoding`: the file is UTF-8
 */
export function legacyStream(encoding: string): CharacterStream {
  const watch = new Utf8Watch(encoding, SEVERAL_BYTES.has(encoding), (bytes) => {
    const stream = plainStream(encoding);
    return stream.push(bytes) + stream.end();
  });
  return watched(plainStream(encoding), watch);
}

function plainStream(encoding: string): CharacterStream {
  return SEVERAL_BYTES.has(encoding) ? new MultiByteStream(encoding) : singleByteStream(encoding);
}

function watched(stream: CharacterStream, watch: Utf8Watch): CharacterStream {
  return {
    push: (bytes) => {
      watch.push(bytes);
      return stream.push(bytes);
    },
    end: () => {
      watch.end();
      return stream.end();
    },
  };
}

// In the few of these that can encode U+FFFD, a real one counts as invalid.
class MultiByteStream implements CharacterStream {
  readonly #decoder: TextDecoder;

  constructor(encoding: string) {
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true });
  }

  push(bytes: Uint8Array): string {
    return marked(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): string {
    return marked(this.#decoder.decode());
  }
}

function marked(text: string): string {
  return text.replace(/[\x80-\x9f\uFFFD]/g, BAD_BYTES);
}

function singleByteStream(encoding: string): CharacterStream {
  const own = OWN[encoding];
  const { base, defined } = PART_OF[encoding] ??
    { base: own === undefined ? encoding : "windows-1252", defined: 0x80 };
  const decoder = new TextDecoder(base, { ignoreBOM: true });
  const characters = Array.from(
    { length: 0x80 },
    (_, at) => decoder.decode(new Uint8Array([at + 0x80])),
  );
  if (own !== undefined) {
    const changed = new Map(characters.map((character, at) => [character, own[at]!]));
    const push = (bytes: Uint8Array) =>
      // deno-lint-ignore no-control-regex
      decoder.decode(bytes).replace(/[^\x00-\x7f]/g, (character) => changed.get(character)!);
    return { push, end: () => "" };
  }
  const bad = characters.filter((character, at) =>
    at + 0x80 < defined || UNDEFINED.test(character)
  );
  if (bad.length === 0) return { push: (bytes) => decoder.decode(bytes), end: () => "" };
  // Few characters are found faster than a range.
  const pattern = new RegExp(`[${bad.join("")}]`, "g");
  return { push: (bytes) => decoder.decode(bytes).replace(pattern, BAD_BYTES), end: () => "" };
}
