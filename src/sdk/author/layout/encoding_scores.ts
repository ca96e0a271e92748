/**
 * How well bytes read in an encoding older than Unicode: the share of what is not ASCII that is usual
 * in texts of that encoding.
 *
 * @module
 */

/** Whether a pair of bytes is a character of everyday texts. */
type CommonPair = (lead: number, trail: number) => boolean;

const between = (byte: number, from: number, to: number) => byte >= from && byte <= to;

/** Encodings of two bytes a character, by their everyday characters. */
const PAIRS: Record<string, CommonPair> = {
  // Kana, full-width forms and punctuation, and the kanji of level 1.
  shift_jis: (lead, trail) =>
    between(lead, 0x81, 0x83) || between(lead, 0x88, 0x98) && trail >= 0x40,
  "euc-jp": (lead) => between(lead, 0xa4, 0xa5),
  "euc-kr": (lead, trail) => between(lead, 0xb0, 0xc8) && trail >= 0xa1,
  // The characters of GB 2312, level 1, and punctuation.
  gb18030: (lead, trail) =>
    trail >= 0xa1 && (between(lead, 0xb0, 0xd7) || between(lead, 0xa1, 0xa3)),
  big5: (lead, trail) =>
    between(lead, 0xa4, 0xc6) && (trail <= 0x7e || trail >= 0xa1) || lead === 0xa1,
};
export const MULTI_BYTE: readonly string[] = Object.keys(PAIRS);

/** The share of two-byte characters that are usual, from 0 to 1. */
export function pairScore(label: string, bytes: Uint8Array): number {
  const isCommon = PAIRS[label]!;
  let common = 0;
  let isAfterLetter = false;
  let all = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at]! < 0x80) {
      isAfterLetter = isPlainLetter(bytes[at]);
      continue;
    }
    all++;
    const trail = bytes[at + 1] ?? 0;
    // Between plain letters, it is an accented letter of a Latin word.
    const isWithin = isAfterLetter && isPlainLetter(trail);
    if (!isWithin && isCommon(bytes[at]!, trail)) common++;
    isAfterLetter = false;
    at++;
  }
  return all === 0 ? 0 : common / all;
}

function isPlainLetter(byte = 0): boolean {
  return between(byte | 0x20, 0x61, 0x7a);
}

/** The letters of encodings of one byte a character, and the punctuation that texts have. */
const LETTERS: Record<string, RegExp> = {
  "windows-1252": /^[À-ÖØ-öø-ÿŒœŠšŽžŸ]$/,
  "windows-1250":
    /^[ÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőöřůúűüýţĄąŁłŚśŠšŤťŽžŹźŻżŞşĽľ]$/,
  "windows-1251": /^[А-яЁё]$/,
  cp850: /^[ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜøØáíóúñÑßãÃÁÂÀ]$/,
};
export const SINGLE_BYTE: readonly string[] = Object.keys(LETTERS);
const PUNCTUATION = /^[€£¥§©®°±²³µ½¼¾«»“”„‘’‚–—…™·\u00a0]$/;
const LATIN = /^[A-Za-z]$/;

/** The share of characters beyond ASCII that are letters within words, or punctuation outside them. */
export function letterScore(label: string, text: string): number {
  const letters = LETTERS[label]!;
  // Words with accents have plain letters, too; Cyrillic words have none.
  const beside = label === "windows-1251" ? letters : LATIN;
  let good = 0;
  let all = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character < "\x80") continue;
    all++;
    const neighbours = Number(beside.test(text[at - 1] ?? "")) +
      Number(beside.test(text[at + 1] ?? ""));
    if (letters.test(character)) good += neighbours > 0 ? 1 : 0.3;
    else if (PUNCTUATION.test(character) && (neighbours < 2 || character === "’")) good += 0.9;
  }
  return all === 0 ? 0 : good / all;
}
