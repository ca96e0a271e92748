/** A position in a module's source; line and column start at 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

const COMMENT = /\n\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** One mapping: a column of the script and the position it came from, all from 0. */
type Segment = [scriptColumn: number, source: number, line: number, column: number];

/**
 * Maps positions in a bundled script to the author's files. The script ends with a comment that
 * contains its source map (revision 3).
 *
 * @example
 * ```ts ignore
 * new SourceMap(script).placeOf(12, 5); // { file: "ingest.ts", line: 9, column: 11 }
 * ```
 */
export class SourceMap {
  readonly #encoded: string | undefined;
  #lines: Segment[][] | null = null;
  #sources: string[] = [];

  constructor(script: string) {
    this.#encoded = COMMENT.exec(script)?.[1];
  }

  /** @param line of the script, from 1 @param column of the script, from 1 */
  placeOf(line: number, column: number): Place | null {
    const segments = this.#decoded()[line - 1] ?? [];
    const found = segments.findLast(([scriptColumn]) => scriptColumn <= column - 1);
    if (!found) return null;
    const file = this.#sources[found[1]];
    return file === undefined ? null : { file, line: found[2] + 1, column: found[3] + 1 };
  }

  /** Decoded at first use, as most runs do not need it. */
  #decoded(): Segment[][] {
    if (this.#lines) return this.#lines;
    const json = this.#encoded === undefined ? null : JSON.parse(decode(this.#encoded));
    this.#sources = (json?.sources ?? []).map((name: string) => name.replace(/^module:/, ""));
    return this.#lines = segmentsOf(json?.mappings ?? "");
  }
}

/** A script without its source map. */
export function withoutSourceMap(script: string): string {
  return script.replace(COMMENT, "\n");
}

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(base64));
}

function segmentsOf(mappings: string): Segment[][] {
  let source = 0;
  let line = 0;
  let column = 0;
  return mappings.split(";").map((text) => {
    let scriptColumn = 0;
    const segments: Segment[] = [];
    for (const part of text.split(",")) {
      const [moved = 0, toSource, toLine = 0, toColumn = 0] = numbersOf(part);
      scriptColumn += moved;
      if (toSource === undefined) continue;
      segments.push([scriptColumn, source += toSource, line += toLine, column += toColumn]);
    }
    return segments;
  });
}

/** Base 64 VLQ: six bits a digit; the highest bit means more follow, the very lowest is the sign. */
function numbersOf(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = shift = 0;
  }
  return numbers;
}
