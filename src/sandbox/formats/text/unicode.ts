import { joinBytes } from "../../../base/bytes.ts";
import { BAD_BYTES } from "../contract.ts";
import type { CharacterStream } from "./character_stream.ts";

/** @param encoding "utf-8", "utf-16le" or "utf-16be"; null is returned for any other */
export function unicodeStream(encoding: string): CharacterStream | null {
  switch (encoding) {
    case "utf-8":
      return new UnicodeStream(encoding, incompleteUtf8, [0xef, 0xbf, 0xbd], 1);
    case "utf-16le":
      return new UnicodeStream(encoding, incompleteUtf16(1), [0xfd, 0xff], 2);
    case "utf-16be":
      return new UnicodeStream(encoding, incompleteUtf16(0), [0xff, 0xfd], 2);
    default:
      return null;
  }
}

/**
 * Splits at complete characters itself, because decoding whole pieces is several times faster than
 * TextDecoder's stream mode.
 */
class UnicodeStream implements CharacterStream {
  readonly #decoder: TextDecoder;
  readonly #strict: TextDecoder;
  readonly #incomplete: (bytes: Uint8Array) => number;
  readonly #replacement: readonly number[];
  readonly #unit: number;
  #carry = new Uint8Array(0);

  /**
   * @param incomplete counts the bytes of an incomplete character at the end
   * @param replacement a real U+FFFD in this encoding
   * @param unit the number of bytes in a code unit
   */
  constructor(
    encoding: string,
    incomplete: (bytes: Uint8Array) => number,
    replacement: readonly number[],
    unit: number,
  ) {
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true });
    this.#strict = new TextDecoder(encoding, { ignoreBOM: true, fatal: true });
    this.#incomplete = incomplete;
    this.#replacement = replacement;
    this.#unit = unit;
  }

  push(bytes: Uint8Array): string {
    const all = this.#carry.length === 0 ? bytes : joinBytes(this.#carry, bytes);
    const end = all.length - this.#incomplete(all);
    this.#carry = all.slice(end);
    return this.#decode(all.subarray(0, end));
  }

  end(): string {
    return this.#decode(this.#carry);
  }

  #decode(bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes);
    return text.includes("\uFFFD") && !this.#isValid(bytes) ? this.#marked(bytes) : text;
  }

  #isValid(bytes: Uint8Array): boolean {
    try {
      this.#strict.decode(bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** Between the real U+FFFDs of the file, every U+FFFD replaces invalid bytes. */
  #marked(bytes: Uint8Array): string {
    let text = "";
    let from = 0;
    for (;;) {
      const at = this.#nextReplacement(bytes, from);
      const part = this.#decoder.decode(bytes.subarray(from, at));
      text += part.replaceAll("\uFFFD", BAD_BYTES);
      if (at === bytes.length) return text;
      text += "\uFFFD";
      from = at + this.#replacement.length;
    }
  }

  #nextReplacement(bytes: Uint8Array, from: number): number {
    const [first] = this.#replacement;
    for (let at = bytes.indexOf(first!, from); at >= 0; at = bytes.indexOf(first!, at + 1)) {
      const isAligned = at % this.#unit === 0;
      if (isAligned && this.#replacement.every((byte, offset) => bytes[at + offset] === byte)) {
        return at;
      }
    }
    return bytes.length;
  }
}

/** The number of bytes at the end that start a UTF-8 character without completing it. */
function incompleteUtf8(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc0) return charBytes(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

function charBytes(lead: number): number {
  return lead >= 0xf8 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

/** The same for UTF-16: the first half of a surrogate pair, or half a code unit. */
function incompleteUtf16(highByte: 0 | 1): (bytes: Uint8Array) => number {
  return (bytes) => {
    const odd = bytes.length % 2;
    const last = bytes.length - odd - 2;
    const isFirstHalf = last >= 0 && (bytes[last + highByte]! & 0xfc) === 0xd8;
    return isFirstHalf ? odd + 2 : odd;
  };
}
