import { joinBytes } from "../../../base/bytes.ts";
import { Failure } from "../../../base/failure.ts";
import { encodingName, ENCODINGS } from "../../wire/encodings.ts";
import type { CharacterStream } from "./character_stream.ts";
import { legacyStream } from "./legacy.ts";
import { unicodeStream } from "./unicode.ts";

/** Decodes the bytes of a file, in pieces. */
export interface TextStream extends CharacterStream {
  /** The encoding; until the third byte, a byte order mark may still change it. */
  encoding(): string;
}

/**
 * Decodes a file. A byte order mark (UTF-8, UTF-16) overrides the label and is removed. The text does
 * not depend on how `push` receives the bytes.
 *
 * @param label the label of an encoding, such as "utf-8", "windows-1252" or "utf-16le"
 * @throws {Failure} `unknown-encoding`; `push` and `end` throw `wrong-encoding` for a file in UTF-8
 * that is declared to be in an older encoding
 *
 * @example
 * ```ts
 * const text = textDecoder("utf-8");
 * text.push(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xc3])); // "a"
 * text.push(new Uint8Array([0xa9])) + text.end(); // "é"
 * ```
 */
export function textDecoder(label: string): TextStream {
  const name = encodingName(label);
  if (name !== null) return new BomStream(name);
  const text = `Cannot decode the file: the encoding ${JSON.stringify(label)} is unknown`;
  throw new Failure("refused", "unknown-encoding", text, { hint: `Use one of ${ENCODINGS}.` });
}

interface Bom {
  encoding: string;
  bytes: readonly number[];
}

const BOMS: readonly Bom[] = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
];
const LONGEST_BOM = 3;

/** The byte order mark with which a file starts; null if it has none. */
export function markedEncoding(start: Uint8Array): Bom | null {
  return BOMS.find(({ bytes }) => bytes.every((byte, at) => start[at] === byte)) ?? null;
}

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
    this.#start = joinBytes(this.#start, bytes);
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
    const bom = markedEncoding(this.#start);
    if (bom !== null) {
      this.#encoding = bom.encoding;
      this.#start = this.#start.subarray(bom.bytes.length);
    }
    return this.#inner = unicodeStream(this.#encoding) ?? legacyStream(this.#encoding);
  }
}
