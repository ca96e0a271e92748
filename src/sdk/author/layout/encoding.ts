import { joinBytes } from "../../../base/bytes.ts";
import { markedEncoding, textDecoder } from "../../../sandbox/formats/text/decoder.ts";
import { letterScore, MULTI_BYTE, pairScore, SINGLE_BYTE } from "./encoding_scores.ts";

/** The encoding of a text file, and what shows it. */
export interface FoundEncoding {
  /** A WHATWG label. */
  label: string;
  /** What shows it, as a sentence; null for plain UTF-8. */
  evidence: string | null;
  /** Whether other encodings fit as well. */
  isUnsure: boolean;
  /** Whether all bytes are ASCII, which nearly every encoding reads the same. */
  isAscii: boolean;
}

/** The least share of bytes 0 in UTF-16. */
const MIN_ZEROS = 0.2;
const PREFERRED = ["windows-1252", "shift_jis", "euc-kr", "gb18030", "windows-1251"];
/** Bytes beyond ASCII that are looked at, each with its neighbours. */
const MAX_EVIDENCE = 64 * 1024;

/**
 * Detects the encoding of a text file from all its bytes.
 *
 * @param pieces starts to read the content of the file
 */
export async function detectEncoding(
  pieces: () => AsyncIterable<Uint8Array>,
): Promise<FoundEncoding> {
  const decode = fatal("utf-8");
  let isFirst = true;
  let isAscii = true;
  for await (const bytes of pieces()) {
    const marked = isFirst ? byMark(bytes) ?? byZeros(bytes) : null;
    if (marked !== null) return marked;
    isFirst = false;
    isAscii &&= isAsciiOnly(bytes);
    if (!isAscii && !decode(bytes)) return await legacyOf(pieces());
  }
  return decode(null) ? { ...found("utf-8", null), isAscii } : await legacyOf(pieces());
}

/** The encoding of a file that is not in Unicode. */
async function legacyOf(pieces: AsyncIterable<Uint8Array>): Promise<FoundEncoding> {
  const validity = new Map(MULTI_BYTE.map((label) => [label, fatal(label)]));
  let evidence = new Uint8Array(0);
  for await (const bytes of pieces) {
    for (const [label, decode] of validity) if (!decode(bytes)) validity.delete(label);
    if (evidence.length < MAX_EVIDENCE) evidence = joinBytes(evidence, linesBeyondAscii(bytes));
    if (evidence.length >= MAX_EVIDENCE && validity.size === 0) break;
  }
  for (const [label, decode] of validity) if (!decode(null)) validity.delete(label);
  return legacy(evidence, [...validity.keys()]);
}

function byMark(bytes: Uint8Array): FoundEncoding | null {
  const encoding = markedEncoding(bytes)?.encoding;
  if (encoding === undefined) return null;
  return found(encoding, encoding === "utf-8" ? null : "its byte order mark");
}

/** UTF-16 without a mark: every second byte of plain letters and digits is 0. */
function byZeros(bytes: Uint8Array): FoundEncoding | null {
  let [even, odd] = [0, 0];
  for (let at = 0; at < bytes.length; at += 2) {
    if (bytes[at] === 0) even++;
    if (bytes[at + 1] === 0) odd++;
  }
  const few = bytes.length * MIN_ZEROS;
  if (odd > few && even < odd / 10) return found("utf-16le", "every second byte is 0");
  return even > few && odd < even / 10 ? found("utf-16be", "every second byte is 0") : null;
}

function isAsciiOnly(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! >= 0x80) return false;
  return true;
}

function found(label: string, evidence: string | null): FoundEncoding {
  return { label, evidence, isUnsure: false, isAscii: false };
}

/** Chooses among the encodings older than Unicode by the characters that come out. */
function legacy(bytes: Uint8Array, valid: readonly string[]): FoundEncoding {
  const decoded = SINGLE_BYTE.map((label) => ({ label, text: decodedAs(label, bytes) }));
  const ranked = [
    ...valid.map((label) => ({ label, score: pairScore(label, bytes) })),
    ...decoded.map(({ label, text }) => ({ label, score: letterScore(label, text) })),
  ].sort((a, b) => b.score - a.score);
  // Where several read equally well, the first is the most widespread one.
  const near = ranked.filter(({ score }) => score > ranked[0]!.score - 0.02);
  const best = PREFERRED.map((label) => near.find((each) => each.label === label)).find(Boolean) ??
    ranked[0]!;
  const text = decodedAs(best.label, bytes);
  const isDisputed = near.some(({ label }) => decodedAs(label, bytes) !== text);
  const words = text.match(/[\p{L}\p{M}ー]*[\u0080-\uffff][\p{L}\p{M}ー]*/gu);
  const examples = [...new Set(words)].slice(0, 3).map((word) => JSON.stringify(word.slice(0, 20)));
  return {
    label: best.label,
    evidence: `it is not UTF-8, and reads as ${best.label}: ${examples.join(", ")}`,
    isUnsure: best.score < 0.8 || isDisputed,
    isAscii: false,
  };
}

function decodedAs(label: string, bytes: Uint8Array): string {
  const decoder = textDecoder(label);
  return decoder.push(bytes) + decoder.end();
}

/** Checks all bytes of a file, piece by piece; null ends it. */
function fatal(label: string): (bytes: Uint8Array | null) => boolean {
  const decoder = new TextDecoder(label, { fatal: true });
  return (bytes) => {
    try {
      decoder.decode(bytes ?? new Uint8Array(0), { stream: bytes !== null });
      return true;
    } catch {
      return false;
    }
  };
}

/** The lines with bytes beyond ASCII. */
function linesBeyondAscii(bytes: Uint8Array): Uint8Array {
  const lines: number[] = [];
  let start = 0;
  for (let at = 0; at <= bytes.length && lines.length < MAX_EVIDENCE; at++) {
    if (at < bytes.length && bytes[at] !== 10) continue;
    const line = bytes.subarray(start, at + 1);
    if (line.some((byte) => byte >= 0x80)) lines.push(...line.subarray(0, 2_000));
    start = at + 1;
  }
  return Uint8Array.from(lines);
}
