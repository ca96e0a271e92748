import type { Column, ColumnType } from "../column.ts";
import type { TimeUnit } from "../values/time_unit.ts";
import type { ColumnProfile } from "./profile/column_profile.ts";
import * as hints from "./profile/name_hints.ts";
import { type NumberStyle, styleOfColumn } from "./profile/number_profile.ts";
import type { TemporalFinding } from "./profile/temporal_profile.ts";
import { wholeType } from "./profile/typed_profile.ts";
import { booleanWords, meansNullInText } from "./profile/words.ts";

/** What the module should say of a column. */
export interface Decision {
  type: ColumnType;
  /** How its texts are written. */
  options: Omit<Column, "type">;
  /** Why the author should look at it, as sentences. */
  unsure: string[];
  /** Whether its values are objects or lists, which the module stores as JSON text. */
  isJson: boolean;
}

export const POINT: NumberStyle = { decimal: ".", group: "," };
/** A double keeps this many digits. */
const DIGITS_OF_DOUBLE = 15;
/** Digits of a 64-bit integer. */
const DIGITS_OF_BIGINT = 18;
/** Whole numbers that are all at least this large are labels more often than amounts. */
const LABEL_FROM = 1e9;
/** 2000 to 2035 in seconds. */
const SECONDS: readonly [number, number] = [946_684_800, 2_051_222_400];
/** Units of times, and how many of them a second has. */
const UNITS = [["s", 1], ["ms", 1e3], ["us", 1e6], ["ns", 1e9]] as const;

/** What decisions about all columns have in common. */
export interface SampleFacts {
  /** How the file writes numbers, if any column shows it. */
  style: NumberStyle | null;
  /** Whether days come before months in dates such as 1/2/2024; null if no column shows it. */
  dayFirst: boolean | null;
  /** Whether the format has only texts, so that a number is a text, too. */
  isText: boolean;
  /** Whether numbers are written in decimal digits, not as the nearest double. */
  isDecimal: boolean;
}

/** Decides the type of a column. */
export function decide(column: ColumnProfile, facts: SampleFacts): Decision {
  if (column.typed.values > 0) return decideTyped(column, facts);
  if (column.texts === 0) return noValues(column);
  const decision = asWords(column) ?? asUuid(column) ?? asMoment(column, facts) ??
    asNumber(column, facts) ?? asText(column);
  // A blank field of a text column would be stored as an empty text.
  const hasBlanks = facts.isText && decision.type === "text" && column.blanks > 0;
  return hasBlanks ? { ...decision, options: { null: [""], ...decision.options } } : decision;
}

function noValues(column: ColumnProfile): Decision {
  const what = column.nulls.size > 0 ? `no values but ${quoted(column.nulls.keys())}` : "no values";
  return text([`it has ${what} in the sample: check its type`]);
}

function decideTyped(column: ColumnProfile, { isDecimal }: SampleFacts): Decision {
  const { typed } = column;
  const found = column.texts === 0 ? typed.type() : null;
  const isMoney = found === "double" && isDecimal && hints.namesMoney(column.name);
  const type = isMoney ? "decimal" : found;
  if (type !== null) {
    const unsure = type === "int" || type === "bigint"
      ? epochDoubt(typed.min, typed.max, column)
      : [];
    return withNulls(column, { type, options: {}, unsure, isJson: false });
  }
  if (typed.objects + typed.lists > 0) {
    return { ...text([]), isJson: true };
  }
  return text(["it mixes numbers, texts or other kinds of values"]);
}

function asWords(column: ColumnProfile): Decision | null {
  const words = column.words && booleanWords(column.words);
  if (!words) return null;
  const options = words.isDefault ? {} : { true: [words.isTrue], false: [words.isFalse] };
  return withNulls(column, { type: "boolean", options, unsure: [], isJson: false });
}

function asUuid(column: ColumnProfile): Decision | null {
  const isUuid = column.uuids === column.texts;
  const isAddress = column.addresses === column.texts && hints.namesAddress(column.name);
  if (!isUuid && !isAddress) return null;
  return withNulls(column, {
    type: isUuid ? "uuid" : "inet",
    options: {},
    unsure: [],
    isJson: false,
  });
}

function asMoment(column: ColumnProfile, { dayFirst }: SampleFacts): Decision | null {
  const finding = column.moments.finding();
  if (finding === null) return null;
  const { strays, stray, values } = column.moments;
  if (strays > 0) {
    const isMost = strays * 20 <= values;
    return isMost ? text([exceptions("dates or times", values - strays, values, stray)]) : null;
  }
  const { formats, others, type } = finding;
  if (formats?.some((format) => format.startsWith("YYYYMMDD"))) {
    if (!hints.namesMoment(column.name)) return null;
  }
  if (others.length > 0 && dayFirst !== null) {
    const format = dayFirst ? formats ?? [] : others;
    const what = dayFirst ? "day comes before the month" : "month comes before the day";
    const unsure = [`its values do not show that the ${what}; other columns do`];
    return withNulls(column, {
      type,
      options: { format: oneOrAll(format) },
      unsure,
      isJson: false,
    });
  }
  if (others.length > 0) {
    const either = `${quoted(formats ?? [])} and ${quoted(others)}`;
    return text([`its dates fit ${either}; set type: "${type}" with the right format`]);
  }
  const options = formats === null ? {} : { format: oneOrAll(formats) };
  return withNulls(column, { type, options, unsure: momentDoubts(finding), isJson: false });
}

function oneOrAll(formats: readonly string[]): string | readonly string[] {
  return formats.length === 1 ? formats[0]! : formats;
}

function momentDoubts({ type, zones, formats }: TemporalFinding): string[] {
  const doubts: string[] = [];
  if (type === "timestamp" && zones !== "all") {
    const which = zones === "some" ? "some of its times have" : "its times have";
    doubts.push(`${which} no time zone and are read as UTC; otherwise set timeZone`);
  }
  if (formats?.some((format) => /YY/.test(format) && !/YYYY/.test(format))) {
    doubts.push("its years have two digits: check the century");
  }
  if (formats?.some((format) => format.startsWith("YYYYMMDD"))) {
    doubts.push("its values could also be whole numbers");
  }
  return doubts;
}

function asNumber(column: ColumnProfile, { style: file, isText }: SampleFacts): Decision | null {
  const { numbers, name } = column;
  if (numbers.numbers === 0 || numbers.isDead) return null;
  const misses = numbers.values - numbers.numbers;
  if (misses > 0) return strayNumber(column, misses);
  const style = styleOfColumn(numbers, file);
  if (style === "unclear") {
    return text(["values such as 1.234 can mean 1234 or 1.234; set type, decimal and group"]);
  }
  if (style === null) return text(["its numbers are written in different ways"]);
  const hasSeparators = numbers.plain < numbers.numbers;
  // Where numbers have a type of their own, texts of digits are labels.
  if (hints.namesALabel(name) || !isText && !hasSeparators) return null;
  if (looksLikeVersions(column, style)) {
    return text([
      "values such as 1.10 beside 1.9 look like versions; as numbers they would lose a 0",
    ]);
  }
  return number(column, style, isText);
}

function number(column: ColumnProfile, style: NumberStyle, isText: boolean): Decision {
  const { numbers, name } = column;
  const hasPlaces = numbers.decimal[style.decimal] + numbers.unclear[style.decimal] > 0;
  const options = {
    // Groups with points need the comma, also where no value has decimal places.
    ...(style.decimal === "," && (hasPlaces || style.group === ".") && { decimal: style.decimal }),
    ...(style.group !== null && { group: style.group }),
  };
  const unsure: string[] = [];
  if (numbers.scientific > 0) unsure.push("some of its values have exponents");
  if (hasPlaces) {
    // A program that has numbers writes one as a text to keep its digits.
    const isMoney = hints.namesMoney(name) || style.group !== null || !isText;
    const isExact = numbers.digits > DIGITS_OF_DOUBLE || isMoney && numbers.scientific === 0;
    return withNulls(column, {
      type: isExact ? "decimal" : "double",
      options,
      unsure,
      isJson: false,
    });
  }
  if (numbers.wholeDigits > DIGITS_OF_BIGINT) {
    return text(["its digits are too many for a number of 64 bits: they look like labels"]);
  }
  const isGrouped = style.group !== null;
  if (!isGrouped && looksLikeLabels(column)) {
    return text(["all its values have ten or more digits, as phones and account numbers do"]);
  }
  const type = isGrouped
    ? numbers.digits <= 9 ? "int" : "bigint"
    : wholeType(numbers.min, numbers.max);
  unsure.push(...epochDoubt(numbers.min, numbers.max, column));
  return withNulls(column, { type, options, unsure, isJson: false });
}

function strayNumber({ numbers }: ColumnProfile, misses: number): Decision | null {
  const { refusal, values, stray } = numbers;
  if (refusal !== "other text") return null;
  return misses * 20 <= values
    ? text([exceptions("numbers", values - misses, values, stray)])
    : null;
}

/** "1.9", "1.10": numbers would be written "1.90" or "1.1". */
function looksLikeVersions({ numbers }: ColumnProfile, { decimal }: NumberStyle): boolean {
  return decimal === "." && numbers.zeroPlaces >= 2 && numbers.minPlaces < numbers.zeroPlaces &&
    numbers.digits <= 4;
}

function looksLikeLabels({ numbers, name }: ColumnProfile): boolean {
  const isLarge = numbers.min >= LABEL_FROM;
  return isLarge && epochUnit(numbers.min, numbers.max) === null && !hints.namesMeasure(name) &&
    !hints.namesAnId(name);
}

/** The unit in which all numbers would be times of this age; null if there is none. */
function epochUnit(min: number, max: number): TimeUnit | null {
  if (min > max) return null;
  const [first, last] = SECONDS;
  return UNITS.find(([, count]) => min >= first * count && max <= last * count)?.[0] ?? null;
}

function epochDoubt(min: number, max: number, { name }: ColumnProfile): string[] {
  const unit = epochUnit(min, max);
  if (unit === null || hints.namesAnId(name)) return [];
  return [`its values could be times: then set type: "timestamp" and unit: "${unit}"`];
}

function asText(column: ColumnProfile): Decision {
  const unsure: string[] = [];
  const { nulls, numbers } = column;
  const { refusal } = numbers;
  const isMostlyDigits = !numbers.isDead && numbers.numbers * 2 > numbers.values;
  if (refusal !== null && refusal !== "other text" && isMostlyDigits) {
    unsure.push(
      `it has ${refusal} (${JSON.stringify(numbers.stray?.text.slice(0, 40))}), so it is no number`,
    );
  }
  if (column.amounts === column.texts) {
    unsure.push("its values are numbers with a sign such as $ or %; a row function can remove it");
  }
  const certain = [...nulls.keys()].filter(meansNullInText);
  if (certain.length > 0) unsure.push(`${quoted(certain)} may mean null; then set null`);
  if (column.padded > 0) {
    unsure.push("some values have blanks around them; trim: true removes them");
  }
  return text(unsure);
}

function exceptions(
  what: string,
  count: number,
  all: number,
  stray: { text: string; line: number } | null,
): string {
  const shown = stray === null
    ? ""
    : `: ${JSON.stringify(stray.text.slice(0, 40))} at line ${stray.line}`;
  return `${count} of ${all} values are ${what}, but not all${shown}`;
}

function text(unsure: string[]): Decision {
  return { type: "text", options: {}, unsure, isJson: false };
}

function withNulls(column: ColumnProfile, decision: Decision): Decision {
  const nulls = [...column.nulls.keys()];
  if (nulls.length === 0) return decision;
  return { ...decision, options: { ...decision.options, null: nulls } };
}

function quoted(texts: Iterable<string>): string {
  return [...texts].map((each) => JSON.stringify(each)).join(", ");
}
