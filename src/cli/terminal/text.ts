import { withInvisibleShown } from "../../base/invisible.ts";

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/**
 * Escapes characters that cannot be seen in untrusted text (file names, messages of a server).
 *
 * @example
 * ```ts
 * import { printable } from "./text.ts";
 * printable("a\u001b[2Jb"); // "a\\u001b[2Jb"
 * ```
 */
export function printable(text: string): string {
  return withInvisibleShown(text);
}

/** Returns the width of text on a terminal, in columns. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** Cuts text to `width` columns, with "…" at the cut, or pads it. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text + " ".repeat(width - widthOf(text));
  let cut = "";
  for (const character of text) {
    if (widthOf(cut + character) > width - 1) break;
    cut += character;
  }
  return fit(`${cut}…`, width);
}

/** Splits text at spaces into lines of up to `width` columns; a longer word is cut. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && widthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(widthOf(word) <= width ? word : fit(word, width));
  }
  return lines;
}

/** Pads text to `width` columns; never cuts. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** Formats bytes, for example `1.2 MB`; a KB has 1,024 bytes, as in the constraints. */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  if (unit === 0) return `${amount} ${amount === 1 ? "byte" : "bytes"}`;
  return `${amount >= 100 ? amount.toFixed(0) : amount.toFixed(1)} ${UNITS[unit]}`;
}

/** Formats seconds, for example `0.4 s` or `75 s`. */
export function formatSeconds(seconds: number): string {
  return `${seconds >= 10 ? seconds.toFixed(0) : seconds.toFixed(1)} s`;
}

/** Formats a time for the reader's time zone, with the date if it is not today: `14:05:09`. */
export function formatClockTime(iso: string): string {
  const at = new Date(iso);
  const time = at.toTimeString().slice(0, 8);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${iso.slice(0, 10)} ${time}`;
}

/** Formats a duration in whole units: `90 s`, `5 min`, `24 h`. */
export function formatLimit(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 && seconds >= 120 ? `${seconds / 60} min` : `${seconds} s`;
}
