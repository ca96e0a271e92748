import { Failure } from "../../base/failure.ts";
import { BAD_BYTES } from "./contract.ts";

/** Decodes the bytes of a file, in pieces. */
interface TextStream {
  /** The text of all complete characters; invalid bytes become {@link BAD_BYTES}. */
  push(bytes: Uint8Array): string;
  /** The rest: an incomplete character at the end of the file becomes {@link BAD_BYTES}. */
  end(): string;
  /** The encoding; until the third byte, a byte order mark may still change it. */
  encoding(): string;
}

/**
 * Decodes a file. A byte order mark (UTF-8, UTF-16) overrides the label and is removed. The text does
 * not depend on how `push` receives the bytes.
 *
 * @param label a WHATWG encoding label, such as "utf-8", "windows-1252" or "utf-16le"
 * @throws {Failure} `unknown-encoding`
 *
 * @example
 * ```ts
 * const text = textDecoder("utf-8");
 * text.push(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xc3])); // "a"
 * text.push(new Uint8Array([0xa9])) + text.end(); // "é"
 * ```
 */
export function textDecoder(label: string): TextStream {
  return new BomStream(encodingName(label));
}

function encodingName(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch (error) {
    const text = `Cannot decode the file: the encoding ${JSON.stringify(label)} is unknown`;
    throw new Failure("refused", "unknown-encoding", text, {
      hint: 'Use a WHATWG label: "utf-8", "utf-16le", "windows-1252", "shift_jis", …',
      cause: error,
    });
  }
}

const BOMS: readonly { encoding: string; bytes: readonly number[] }[] = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
];
const LONGEST_BOM = 3;

/** Waits for a possible byte order mark, then passes everything to the right decoder. */
class BomStream implements TextStream {
  #encoding: string;
  #start = new Uint8Array(0);
  #inner: CharacterStream | null = null;

  constructor(encoding: string) {
    this.#encoding = encoding;
  }

  push(bytes: Uint8Array): string {
    if (this.#inner !== null) return this.#inner.push(bytes);
    this.#start = joined(this.#start, bytes);
    return this.#start.length < LONGEST_BOM ? "" : this.#open().push(this.#start);
  }

  end(): string {
    const text = this.#inner === null ? this.#open().push(this.#start) : "";
    return text + (this.#inner?.end() ?? "");
  }

  encoding(): string {
    return this.#encoding;
  }

  #open(): CharacterStream {
    const bom = BOMS.find(({ bytes }) => bytes.every((byte, at) => this.#start[at] === byte));
    if (bom !== undefined) {
      this.#encoding = bom.encoding;
      this.#start = this.#start.subarray(bom.bytes.length);
    }
    return this.#inner = characterStream(this.#encoding);
  }
}

interface CharacterStream {
  push(bytes: Uint8Array): string;
  end(): string;
}

function characterStream(encoding: string): CharacterStream {
  switch (encoding) {
    case "utf-8":
      return new UnicodeStream(encoding, incompleteUtf8, [0xef, 0xbf, 0xbd], 1);
    case "utf-16le":
      return new UnicodeStream(encoding, incompleteUtf16(1), [0xfd, 0xff], 2);
    case "utf-16be":
      return new UnicodeStream(encoding, incompleteUtf16(0), [0xff, 0xfd], 2);
    default:
      return new LegacyStream(encoding);
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
    const all = this.#carry.length === 0 ? bytes : joined(this.#carry, bytes);
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

/** Encodings older than Unicode. In the few that can encode U+FFFD, a real one counts as invalid. */
class LegacyStream implements CharacterStream {
  readonly #decoder: TextDecoder;

  constructor(encoding: string) {
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true });
  }

  push(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true }).replaceAll("\uFFFD", BAD_BYTES);
  }

  end(): string {
    return this.#decoder.decode().replaceAll("\uFFFD", BAD_BYTES);
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

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
