import { ValueFault } from "../../../sdk/values/value_fault.ts";
import type { WrittenNumbers } from "../../../sdk/values/written_numbers.ts";

/**
 * Text in which some number may differ from what JavaScript makes of it: an exponent, zeros at the end
 * of a fraction, 16 or more digits, a negative zero, or less than a millionth.
 */
const MAY_DIFFER = /\d[eE][+-]?\d+[\s,}\]]|\.\d*0[\s,}\]]|\d[\d.]{15}|[:,[\s]-0[\s,}\].]|0\.000000/;

/** Whether some number in a JSON text may be written differently than `String` writes it. */
export function mayDiffer(text: string): boolean {
  return MAY_DIFFER.test(text);
}

/** The number of members that are compared for every number. */
const FEW = 8;

interface Member {
  name: string;
  text: string;
}

/** The numbers of a JSON text, which is only parsed again if it is asked for one that may differ. */
export class JsonNumbers implements WrittenNumbers {
  readonly #text: string;
  #members: Map<number, Member[]> | null = null;
  #found: Map<string, string> | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  textOf(value: number, names: readonly string[], isText: boolean): string | null {
    this.#members ??= mayDiffer(this.#text) ? membersOf(this.#text) : new Map();
    const members = this.#members.get(value);
    if (members === undefined) return null;
    if (members.length <= FEW) return textIn(members, value, names, isText);
    // A long list may have the same number many times.
    const key = [isText, value, ...names].join("\n");
    this.#found ??= new Map();
    let text = this.#found.get(key);
    if (text === undefined) {
      text = textIn(members, value, names, isText);
      this.#found.set(key, text);
    }
    return text;
  }
}

function textIn(
  members: readonly Member[],
  value: number,
  names: readonly string[],
  isText: boolean,
): string {
  const text = onlyText(members);
  // A whole number may as well be a count of the module that equals a member by chance.
  const mayBeCount = isText && text !== String(value) && Number.isSafeInteger(value);
  if (text !== null && !mayBeCount) return text;
  const loose = names.map(looseName);
  return onlyText(members.filter(({ name }) => names.includes(name))) ??
    onlyText(members.filter(({ name }) => loose.includes(looseName(name)))) ??
    sameText(value, members, isText);
}

/** `unitPrice`, `Unit price` and `unit_price` are one name. */
function looseName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, "");
}

const QUOTE = 0x22;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;
const NUMBER = /-?\d[\d.eE+-]*/y;
const COLON = /\s*:/y;

/** The numbers of a valid JSON text. Four times as fast as `JSON.parse` with a function. */
function membersOf(text: string): Map<number, Member[]> {
  const members = new Map<number, Member[]>();
  let name = "";
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = stringEnd(text, at);
      COLON.lastIndex = end;
      if (COLON.test(text)) name = stringIn(text, at, end);
      at = end - 1;
    } else if (code === MINUS || code >= 0x30 && code <= 0x39) {
      NUMBER.lastIndex = at;
      const written = NUMBER.exec(text)![0];
      const known = members.get(Number(written));
      if (known === undefined) members.set(Number(written), [{ name, text: written }]);
      else known.push({ name, text: written });
      at += written.length - 1;
    }
  }
  return members;
}

/** The position after the quote that closes a string. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

function stringIn(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes("\\") ? JSON.parse(text.slice(start, end)) : inner;
}

/** The text of the members if all have the same. */
function onlyText(members: readonly Member[]): string | null {
  const text = members[0]?.text;
  return text !== undefined && members.every((member) => member.text === text) ? text : null;
}

/**
 * The longest text of the members if all have the same value.
 * @throws {ValueFault} if it is not known which text is meant
 */
function sameText(value: number, members: readonly Member[], isText: boolean): string {
  const texts = [...new Set(members.map(({ text }) => text))];
  if (!isText && new Set(texts.map(normalForm)).size === 1) {
    return texts.reduce((longest, text) => text.length > longest.length ? text : longest);
  }
  throw new ValueFault(
    `${value} is written as ${
      texts.slice(0, 3).join(" and ")
    } in the record: name the column like ` +
      'the member, or read numbers with numbers: "text"',
  );
}

/** The digits and the exponent of a JSON number, the same for all ways of writing it. */
function normalForm(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const written = `${whole}${fraction}`.replace(/^0+/, "");
  if (written === "") return "0";
  const zeros = /0*$/.exec(written)![0].length;
  const digits = written.slice(0, written.length - zeros);
  return `${sign}${digits}e${Number(exponent) - fraction.length + zeros}`;
}
