import type { CharacterStream } from "./character_stream.ts";
import { BAD_BYTES } from "./contract.ts";
import { Utf8Watch } from "./utf8_watch.ts";

// The characters of bytes 80 to FF.
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫" +
  "╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00A0";
const CP850 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘" +
  "┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0";

/** Encodings that the runtime lacks: how each byte from 80 is to be read, if at all. */
const OWN: Readonly<Record<string, { base: string; character(byte: number): string }>> = {
  cp437: { base: "windows-1252", character: (byte) => CP437[byte - 0x80]! },
  cp850: { base: "windows-1252", character: (byte) => CP850[byte - 0x80]! },
  "us-ascii": { base: "windows-1252", character: () => BAD_BYTES },
  "iso-8859-1": withoutControls("windows-1252"),
  "iso-8859-9": withoutControls("windows-1254"),
  "iso-8859-11": withoutControls("windows-874"),
};

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

/** Undefined bytes decode to U+FFFD, or by the WHATWG's tables to control characters. */
function marked(text: string): string {
  return text.replace(/[\x80-\x9f\uFFFD]/g, BAD_BYTES);
}

function singleByteStream(encoding: string): CharacterStream {
  const own = OWN[encoding];
  if (own === undefined) {
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    return { push: (bytes) => marked(decoder.decode(bytes)), end: () => "" };
  }
  const decoder = new TextDecoder(own.base, { ignoreBOM: true });
  const changed = new Map<string, string>();
  for (let byte = 0x80; byte <= 0xff; byte++) {
    const character = decoder.decode(new Uint8Array([byte]));
    changed.set(character, own.character(byte));
  }
  const push = (bytes: Uint8Array) =>
    // deno-lint-ignore no-control-regex
    decoder.decode(bytes).replace(/[^\x00-\x7f]/g, (character) => changed.get(character)!);
  return { push, end: () => "" };
}

/** An ISO 8859 encoding, which the WHATWG reads as the Windows encoding that is based on it. */
function withoutControls(base: string) {
  const decoder = new TextDecoder(base);
  const character = (byte: number) =>
    byte < 0xa0 ? BAD_BYTES : marked(decoder.decode(new Uint8Array([byte])));
  return { base, character };
}
