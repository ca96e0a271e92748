import { Failure } from "../../../base/failure.ts";
import { BAD_BYTES } from "../contract.ts";
import { textDecoder, type TextStream } from "./decoder.ts";

interface Candidate {
  label: string;
  text: TextStream;
  /** Line feeds so far. */
  lines: number;
  isEmpty: boolean;
  hasAscii: boolean;
  /** Why the file is not in this encoding. */
  fault: string | null;
}

/**
 * Chooses the encoding of a file: the first of several in which the whole file is valid. It keeps
 * nothing of the file, which is read a second time with the encoding that was chosen.
 *
 * @example
 * ```ts
 * const choice = new EncodingChoice(["utf-8", "windows-1252"]);
 * choice.push(new Uint8Array([0x4d, 0xfc]));
 * choice.end(); // "windows-1252"
 * ```
 */
export class EncodingChoice {
  readonly #candidates: Candidate[];

  /** @throws {Failure} `unknown-encoding` */
  constructor(labels: readonly string[]) {
    this.#candidates = labels.map((label) => {
      return {
        label,
        text: textDecoder(label),
        lines: 0,
        isEmpty: true,
        hasAscii: false,
        fault: null,
      };
    });
  }

  push(bytes: Uint8Array): void {
    for (const candidate of this.#candidates) check(candidate, (text) => text.push(bytes));
  }

  /**
   * @returns the label of the encoding
   * @throws {Failure} `no-encoding-fits`
   */
  end(): string {
    for (const candidate of this.#candidates) {
      check(candidate, (text) => text.end());
      candidate.fault ??= faultAtEnd(candidate);
      if (candidate.fault === null) return candidate.label;
    }
    throw noneFits(this.#candidates);
  }
}

function check(candidate: Candidate, read: (text: TextStream) => string): void {
  if (candidate.fault !== null) return;
  let text: string;
  try {
    text = read(candidate.text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    candidate.fault = "it is UTF-8";
    return;
  }
  const bad = text.indexOf(BAD_BYTES);
  // UTF-16 read with an encoding of single bytes.
  const nul = text.indexOf("\0");
  const first = bad < 0 ? nul : nul < 0 ? bad : Math.min(bad, nul);
  if (first < 0) candidate.lines += count(text, "\n");
  else {
    const line = candidate.lines + count(text.slice(0, first), "\n") + 1;
    candidate.fault = `line ${line} has ${first === nul ? "a NUL" : "invalid bytes"}`;
  }
  candidate.isEmpty &&= text === "";
  // deno-lint-ignore no-control-regex
  candidate.hasAscii ||= /[\x00-\x7f]/.test(text);
}

// Any two bytes are a character of UTF-16, but no file is without a line feed, a digit or a blank.
function faultAtEnd({ text, isEmpty, hasAscii }: Candidate): string | null {
  if (isEmpty || hasAscii || !text.encoding().startsWith("utf-16")) return null;
  return "it has no ASCII characters";
}

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found++;
  return found;
}

function noneFits(candidates: readonly Candidate[]): Failure {
  const faults = candidates.map(({ label, fault }) => `${label} (${fault})`).join(", ");
  const text =
    `Cannot decode the file: it is not entirely valid in any of its encodings: ${faults}`;
  return new Failure("refused", "no-encoding-fits", text, {
    hint: "Correct the lines named, or add the file's encoding to the module's list.",
  });
}
