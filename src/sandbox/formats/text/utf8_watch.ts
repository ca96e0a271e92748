import { Failure } from "../../../base/failure.ts";

/** The number of UTF-8 characters that settles it before the end of the file. */
const CERTAIN = 100;
/** A few invalid bytes do not hide that a file is UTF-8. */
const VALID_PER_INVALID = 20;

/**
 * Notices that a file declared with an older encoding is UTF-8. "Müller" would be stored as
 * "MÃ¼ller": nearly all bytes are valid in those encodings, while text in them is hardly ever valid
 * UTF-8.
 */
export class Utf8Watch {
  readonly #encoding: string;
  readonly #isMultiByte: boolean;
  readonly #misread: (bytes: Uint8Array) => string;
  #isOver = false;
  /** Bytes that the current character still needs, and the range of the next one. */
  #need = 0;
  #low = 0x80;
  #high = 0xbf;
  #point = 0;
  #size = 0;
  #valid = 0;
  #invalid = 0;
  #example = 0;
  readonly #pairs = new Set<number>();

  /**
   * @param encoding the declared encoding's name
   * @param isMultiByte whether its characters have several bytes, so that some are valid UTF-8
   * @param misread decodes bytes with the declared encoding
   */
  constructor(encoding: string, isMultiByte: boolean, misread: (bytes: Uint8Array) => string) {
    this.#encoding = encoding;
    this.#isMultiByte = isMultiByte;
    this.#misread = misread;
    // It consists of ASCII bytes.
    this.#isOver = encoding === "iso-2022-jp" || encoding === "us-ascii";
  }

  /** @throws {Failure} `wrong-encoding` */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#isOver; at++) {
      const byte = bytes[at]!;
      if (this.#need > 0) this.#continue(byte);
      else if (byte >= 0x80) this.#start(byte);
    }
  }

  /** @throws {Failure} `wrong-encoding` */
  end(): void {
    if (this.#need > 0) this.#invalid++;
    if (!this.#isOver && this.#looksLikeUtf8()) throw this.#failure();
  }

  #start(byte: number): void {
    if (byte < 0xc2 || byte > 0xf4) return this.#countInvalid();
    this.#need = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#size = this.#need + 1;
    this.#point = byte & (0x3f >> this.#need);
    // Overlong forms, surrogates and points over U+10FFFF are invalid.
    this.#low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
  }

  #continue(byte: number): void {
    if (byte < this.#low || byte > this.#high) {
      this.#need = 0;
      this.#countInvalid();
      if (byte >= 0x80 && !this.#isOver) this.#start(byte);
      return;
    }
    this.#low = 0x80;
    this.#high = 0xbf;
    this.#point = this.#point << 6 | byte & 0x3f;
    if (--this.#need === 0) this.#countValid();
  }

  #countInvalid(): void {
    this.#invalid++;
    this.#isOver = this.#invalid >= CERTAIN && !this.#looksLikeUtf8();
  }

  #countValid(): void {
    if (!this.#isEvidence()) return;
    this.#valid++;
    this.#example ||= this.#point;
    if (this.#valid >= CERTAIN && this.#looksLikeUtf8()) throw this.#failure();
  }

  /** Whether the character is likely in UTF-8, but its bytes are unlikely in the declared encoding. */
  #isEvidence(): boolean {
    if (this.#size > 2) return true;
    if (isUnlikely(this.#point)) return false;
    if (!this.#isMultiByte) return true;
    // One of ten common Chinese characters is two bytes of valid UTF-8.
    if (this.#pairs.size < 3) this.#pairs.add(this.#point);
    return this.#pairs.size === 3;
  }

  #looksLikeUtf8(): boolean {
    return this.#valid > 0 && this.#valid >= VALID_PER_INVALID * this.#invalid;
  }

  #failure(): Failure {
    const character = String.fromCodePoint(this.#example);
    const misread = this.#misread(new TextEncoder().encode(character)).toWellFormed();
    const text = `Cannot read the file: it is UTF-8, not ${this.#encoding}; ` +
      `"${character}" would be read as "${misread}"`;
    return new Failure("refused", "wrong-encoding", text, {
      hint:
        `Set encoding: "utf-8", or encoding: ["utf-8", "${this.#encoding}"] for files in either.`,
    });
  }
}

/**
 * Control characters, phonetic letters, and alphabets whose bytes are more likely a capital at the
 * end of a word and a sign after it in a Windows encoding, as in "NESTLÉ®".
 */
function isUnlikely(point: number): boolean {
  return point < 0xa0 || (point >= 0x240 && point <= 0x2ff) || (point >= 0x700 && point <= 0x7ff);
}
