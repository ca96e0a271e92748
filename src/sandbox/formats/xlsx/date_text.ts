/**
 * The text that Excel displays for a date or time with a format such as `dd.mm.yyyy`. Names of months
 * and days are English.
 *
 * @module
 */
import { DAY_MS } from "../../../sdk/values/calendar.ts";
import { DateFault, dateOf } from "./dates.ts";
import { type FormatSection, type FormatToken, literalOf } from "./number_format.ts";

const ENGLISH = 9;
const MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
  .concat(["August", "September", "October", "November", "December"]);
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/** The parts that are names. */
const NAMES = /^(mmm+|ddd+)$/;

/** @returns null for formats that are not supported, such as names in another language */
export function dateText(
  serial: number,
  section: FormatSection,
  is1904: boolean,
): string | DateFault | null {
  const { tokens, kind, locale } = section;
  if (kind === "local") return isoText(serial, is1904);
  const isEnglish = locale === null || (locale & 0x3ff) === ENGLISH;
  if (!isEnglish && tokens.some((token) => token.type === "date" && NAMES.test(token.text))) {
    return null;
  }
  const ms = shownMs(serial, tokens);
  if (kind === "elapsed") return elapsedText(ms, tokens);
  const date = kind === "time" ? timeOf(ms) : dateOf(ms / DAY_MS, "date", is1904);
  if (!(date instanceof Date)) return date as DateFault;
  const hasHalves = tokens.some((token) => token.type === "date" && token.text.includes("/"));
  const texts = tokens.map((token) =>
    token.type === "date" ? partText(date, token.text, hasHalves) : literalOf(token)
  );
  return texts.includes(null) ? null : texts.join("");
}

/** Dates that look different in each country are shown as ISO 8601. */
function isoText(serial: number, is1904: boolean): string | DateFault {
  const date = dateOf(serial, "local", is1904);
  if (!(date instanceof Date)) return date;
  return date.toISOString().replace("T00:00:00.000Z", "").replace("T", " ")
    .replace(/(\.000)?Z$/, "");
}

/** Rounds to the last unit that is shown, if that is a second or a part of it. */
function shownMs(serial: number, tokens: readonly FormatToken[]): number {
  const ms = Math.round(serial * DAY_MS);
  const texts = tokens.flatMap((token) =>
    token.type === "date" || token.type === "elapsed" ? [token.text] : []
  );
  if (!texts.some((text) => text.startsWith("s"))) return ms;
  const places = Math.min(3, (texts.find((text) => text.startsWith("."))?.length ?? 1) - 1);
  const unit = 10 ** (3 - places);
  return Math.round(ms / unit) * unit;
}

function timeOf(ms: number): Date | DateFault {
  return ms < 0 ? new DateFault("is a negative time") : new Date(ms % DAY_MS);
}

function partText(date: Date, part: string, hasHalves: boolean): string | null {
  const hours = date.getUTCHours();
  const shownHours = hasHalves ? (hours + 11) % 12 + 1 : hours;
  const month = date.getUTCMonth();
  const pad = (value: number) => String(value).padStart(2, "0");
  switch (part) {
    case "y":
    case "yy":
      return pad(date.getUTCFullYear() % 100);
    case "yyy":
    case "yyyy":
      return String(date.getUTCFullYear());
    case "m":
      return String(month + 1);
    case "mm":
      return pad(month + 1);
    case "mmm":
      return MONTHS[month]!.slice(0, 3);
    case "mmmm":
      return MONTHS[month]!;
    case "mmmmm":
      return MONTHS[month]!.slice(0, 1);
    case "d":
      return String(date.getUTCDate());
    case "dd":
      return pad(date.getUTCDate());
    case "ddd":
      return DAYS[date.getUTCDay()]!.slice(0, 3);
    case "dddd":
      return DAYS[date.getUTCDay()]!;
    case "h":
      return String(shownHours);
    case "hh":
      return pad(shownHours);
    case "n":
      return String(date.getUTCMinutes());
    case "nn":
      return pad(date.getUTCMinutes());
    case "s":
      return String(date.getUTCSeconds());
    case "ss":
      return pad(date.getUTCSeconds());
    case "am/pm":
      return hours < 12 ? "AM" : "PM";
    case "a/p":
      return hours < 12 ? "A" : "P";
    default:
      return part.startsWith(".") ? fraction(date.getUTCMilliseconds(), part.length - 1) : null;
  }
}

/** The displayed length of time: its first part counts on, the others are within it. */
function elapsedText(signed: number, tokens: readonly FormatToken[]): string | null {
  const ms = Math.abs(signed);
  const counted = { h: ms / 3_600_000, m: ms / 60_000, s: ms / 1_000 };
  const texts = tokens.map((token) => {
    if (token.type === "elapsed") {
      const value = Math.floor(counted[token.text[0] as "h" | "m" | "s"]);
      return String(value).padStart(token.text.length, "0");
    }
    if (token.type !== "date") return literalOf(token);
    return /^[ns.]/.test(token.text) ? partText(new Date(ms), token.text, false) : null;
  });
  return texts.includes(null) ? null : (signed < 0 ? "-" : "") + texts.join("");
}

function fraction(ms: number, places: number): string {
  return "." + String(ms).padStart(3, "0").padEnd(places, "0").slice(0, places);
}
