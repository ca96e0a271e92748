/** How the numbers of a column, or of a whole file, are written. */
export interface NumberStyle {
  decimal: "." | ",";
  group: "." | "," | " " | "'" | null;
}

/** Why a column of digits is not a column of numbers. */
type Refusal = "leading zeros" | "a plus sign" | "an exponent" | "other text";

type Separator = "." | ",";

const SPACES = /[ \u00a0\u202f]/g;
const GROUPED = /^(\d{1,3})(?:([.,' ])\d{3})(?:\2\d{3})*(?:([.,])(\d+))?$/;
const SINGLE = /^(\d*)([.,])(\d+)$/;
const EXPONENT = /^-?\d*(\.\d*)?[eE]([+-]?)\d+$/;
/** A column with more values that are not numbers, and a greater share of them, is text. */
const MAX_STRAY = 20;
const MAX_STRAY_SHARE = 0.1;

/** Counts how the values of a column are written as numbers. Bounded: it keeps no values. */
export class NumberProfile {
  /** The number of values, and of those that are numbers in some style. */
  values = 0;
  numbers = 0;
  refusal: Refusal | null = null;
  /** A value that is not a number, and its line. */
  stray: { text: string; line: number } | null = null;
  /** The values without a separator, and the greatest of them. */
  plain = 0;
  min = Infinity;
  max = -Infinity;
  /** Maximum number of digits, all of them and those of whole numbers. */
  digits = 0;
  wholeDigits = 0;
  /** Values in which the separator can only be the decimal one. */
  readonly decimal: Record<Separator, number> = { ".": 0, ",": 0 };
  /** Values in which the separator can only stand between groups. */
  readonly group: Record<"." | "," | " " | "'", number> = { ".": 0, ",": 0, " ": 0, "'": 0 };
  /** Values such as 1.234, which can be read both ways. */
  readonly unclear: Record<Separator, number> = { ".": 0, ",": 0 };
  /** The fewest decimal places of values that are certain to have some. */
  minPlaces = Infinity;
  /** The most places of a value that ends with 0, such as 1.10. */
  zeroPlaces = 0;
  /** Values such as 1.5e-05: a decimal separator and a signed exponent. */
  scientific = 0;

  get isDead(): boolean {
    const strays = this.values - this.numbers;
    return strays > MAX_STRAY && strays > this.values * MAX_STRAY_SHARE;
  }

  /** Adds a value that is neither blank nor a text that means null. */
  add(text: string, line: number): void {
    this.values++;
    if (this.isDead) return;
    const refusal = this.#number(text.trim());
    if (refusal === null) this.numbers++;
    else {
      if (this.refusal === null || this.refusal === "other text") this.refusal = refusal;
      this.stray ??= { text, line };
    }
  }

  #number(trimmed: string): Refusal | null {
    const unsigned = trimmed.startsWith("-") ? trimmed.slice(1) : trimmed;
    if (/^\d+$/.test(unsigned)) return this.#whole(unsigned, trimmed !== unsigned);
    if (unsigned.startsWith("+")) return /\d/.test(unsigned) ? "a plus sign" : "other text";
    const exponent = EXPONENT.exec(unsigned);
    if (exponent) return this.#exponent(unsigned, exponent);
    const body = unsigned.replaceAll(SPACES, " ");
    if (/^0\d/.test(body)) return "leading zeros";
    const [all, whole = "", separator, places = ""] = SINGLE.exec(body) ?? [];
    if (all !== undefined) return this.#single(whole, separator as Separator, places);
    const [grouped, , group, decimal, fraction = ""] = GROUPED.exec(body) ?? [];
    if (grouped === undefined || decimal === group) return "other text";
    this.group[group as "." | "," | " " | "'"]++;
    if (decimal) {
      this.decimal[decimal as Separator]++;
      this.#places(fraction);
    }
    this.#digits(grouped.replaceAll(/\D/g, ""), fraction.length);
    return null;
  }

  #whole(digits: string, isNegative: boolean): Refusal | null {
    if (digits.length > 1 && digits.startsWith("0")) return "leading zeros";
    this.plain++;
    const value = isNegative ? -Number(digits) : Number(digits);
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    this.#digits(digits, 0);
    return null;
  }

  #exponent(text: string, [, fraction, sign]: RegExpExecArray): Refusal | null {
    // 1E5 and 12e4567 are labels and hashes as often as numbers; 1.5e-05 is what programs print.
    if (fraction === undefined || fraction.length < 2 || sign === "") return "an exponent";
    this.scientific++;
    this.decimal["."]++;
    this.digits = Math.max(this.digits, text.replace(/[eE].*/, "").replaceAll(/\D/g, "").length);
    return null;
  }

  #single(whole: string, separator: Separator, places: string): Refusal | null {
    const isUnclear = places.length === 3 && whole.length >= 1 && whole.length <= 3 &&
      whole !== "0";
    if (isUnclear) this.unclear[separator]++;
    else {
      this.decimal[separator]++;
      this.#places(places);
    }
    this.#digits(whole + places, places.length);
    return null;
  }

  #places(places: string): void {
    this.minPlaces = Math.min(this.minPlaces, places.length);
    if (places.endsWith("0")) this.zeroPlaces = Math.max(this.zeroPlaces, places.length);
  }

  #digits(digits: string, places: number): void {
    const significant = digits.replace(/^0+/, "").length;
    this.digits = Math.max(this.digits, significant);
    if (places === 0) this.wholeDigits = Math.max(this.wholeDigits, significant);
  }
}

/**
 * How a file writes its numbers, by the values that can be read in one way only.
 *
 * @returns null if no value shows it, or if they contradict each other
 */
export function styleOfFile(columns: readonly NumberProfile[]): NumberStyle | null {
  const sum = (of: (column: NumberProfile) => number) =>
    columns.reduce(
      (total, column) => total + (column.numbers === column.values ? of(column) : 0),
      0,
    );
  const comma = sum(({ decimal, group }) => decimal[","] + group["."]);
  const point = sum(({ decimal, group }) => decimal["."] + group[","]);
  if (comma > 0 && point === 0) return { decimal: ",", group: "." };
  return point > 0 && comma === 0 ? { decimal: ".", group: "," } : null;
}

/**
 * How a column of numbers is written.
 *
 * @param file how the file writes numbers, for values such as 1.234 that can be read both ways
 * @returns null if the values contradict each other; "unclear" if nothing shows it
 */
export function styleOfColumn(
  { decimal, group, unclear }: NumberProfile,
  file: NumberStyle | null,
): NumberStyle | "unclear" | null {
  if (decimal["."] > 0 && decimal[","] > 0) return null;
  const used = (["'", " ", ".", ","] as const).filter((each) => group[each] > 0);
  if (used.length > 1) return null;
  let point: Separator | null = decimal[","] > 0 ? "," : decimal["."] > 0 ? "." : null;
  if (point === null && (used[0] === "." || used[0] === ",")) point = used[0] === "." ? "," : ".";
  if (point !== null && used[0] === point) return null;
  if (point === null && unclear["."] + unclear[","] === 0) {
    return { decimal: file?.decimal ?? ".", group: used[0] ?? null };
  }
  point ??= file?.decimal ?? null;
  if (point === null) return "unclear";
  const other = point === "." ? "," : ".";
  const isGrouped = unclear[other] > 0;
  if (isGrouped && used.length > 0 && used[0] !== other) return null;
  return { decimal: point, group: isGrouped ? other : used[0] ?? null };
}
