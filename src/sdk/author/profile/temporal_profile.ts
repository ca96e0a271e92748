import {
  formsOf,
  paddedFormat,
  shapeOf,
  type TemporalForm,
  type TemporalType,
} from "./temporal_shape.ts";
import { fitsFormat, fitsIso } from "./temporal_fit.ts";

interface Shape {
  count: number;
  /** The forms that fitted all values so far. */
  forms: TemporalForm[];
  /** Whether all values so far are ISO 8601. */
  isIso: boolean;
  /** Whether a date column reads all values so far: dates, and timestamps at midnight. */
  isDay: boolean;
  /** Whether days, months and hours have two digits in all values so far. */
  isPadded: boolean;
}

/** Columns with more shapes are texts. */
const MAX_SHAPES = 16;
/** A column with more values that are not dates is text. */
const MAX_STRAY = 20;

/** What the loader reads as a timestamp without a format, but no form describes: 20240102T030405Z. */
const OTHER_ISO: TemporalForm = { type: "timestamp", format: "", order: "YMD", hasZone: true };

/** How the dates or times of a column are written. */
export interface TemporalFinding {
  type: TemporalType;
  /** The formats, or null if all are ISO 8601. */
  formats: string[] | null;
  /** The other formats that all values have, if day and month can be exchanged. */
  others: string[];
  /** Whether all, some or none of the values have a time zone. */
  zones: "all" | "some" | "none";
}

/**
 * Whether days come before months in dates such as 13/2/2024, by the columns that show it.
 *
 * @returns null if none does, or if they contradict each other
 */
export function dayFirstIn(findings: readonly (TemporalFinding | null)[]): boolean | null {
  const shown = findings.filter((finding) => finding !== null && finding.others.length === 0)
    .flatMap((finding) => finding?.formats ?? [])
    .filter((format) => /^(D{1,2}[/-]M{1,2}|M{1,2}[/-]D{1,2})[/-]/.test(format))
    .map((format) => format.startsWith("D"));
  const orders = new Set(shown);
  return orders.size === 1 ? shown[0]! : null;
}

/** Counts the forms of the dates and times of a column. Bounded: it keeps no values. */
export class TemporalProfile {
  values = 0;
  /** The values that are no date or time. */
  strays = 0;
  stray: { text: string; line: number } | null = null;
  readonly #shapes = new Map<string, Shape>();

  get isDead(): boolean {
    return this.strays > MAX_STRAY || this.#shapes.size > MAX_SHAPES;
  }

  /** Adds a value that is neither blank nor a text that means null. */
  add(text: string, line: number): void {
    if (this.isDead) return;
    this.values++;
    const trimmed = text.trim();
    const shape = shapeOf(trimmed);
    const known = this.#known(shape, trimmed);
    const forms =
      known?.forms.filter((form) => form === OTHER_ISO || fitsFormat(form.format, trimmed)) ?? [];
    // A value that fits no form is wrong; the others still show what the column is.
    if (known === undefined || forms.length === 0) {
      this.strays++;
      this.stray ??= { text, line };
      return;
    }
    known.forms = forms;
    known.isDay &&= fitsIso("date", trimmed);
    known.isIso &&= fitsIso(forms[0]!.type, trimmed);
    known.isPadded &&= forms[0] === OTHER_ISO ||
      fitsFormat(paddedFormat(forms[0]!.format), trimmed);
    known.count++;
  }

  /** @returns null if the values are not dates or times, or not of one type */
  finding(): TemporalFinding | null {
    const shapes = [...this.#shapes.values()].filter(({ count }) => count > 0);
    if (this.isDead || shapes.length === 0) return null;
    const proven = new Set(
      shapes.filter(({ forms }) => forms.length === 1).map(({ forms }) => forms[0]!.order),
    );
    const chosen = shapes.map(({ forms }) => {
      const kept = forms.filter(({ order }) => proven.has(order));
      return kept.length === 1 ? kept : forms;
    });
    const types = new Set(chosen.map((forms) => forms[0]!.type));
    if (types.size > 1 && types.has("time")) return null;
    // Eight digits alone are a whole number as well.
    const isIso = shapes.every((shape) => shape.isIso) &&
      !(shapes.length === 1 && this.#shapes.has("<8>"));
    if (!isIso && chosen.some(([form]) => form === OTHER_ISO)) return null;
    const isDay = shapes.every((shape) => shape.isDay) && types.has("date");
    const isPadded = shapes.every((shape) => shape.isPadded);
    const formatsOf = (index: number) => {
      const formats = chosen.map((forms) => (forms[index] ?? forms[0]!).format);
      return [...new Set(isPadded ? formats.map(paddedFormat) : formats)];
    };
    const zoned = chosen.filter((forms) => forms[0]!.hasZone).length;
    return {
      type: types.has("timestamp") && !isDay ? "timestamp" : isDay ? "date" : [...types][0]!,
      formats: isIso ? null : formatsOf(0),
      others: chosen.some((forms) => forms.length > 1) ? formatsOf(1) : [],
      zones: zoned === 0 ? "none" : zoned === chosen.length ? "all" : "some",
    };
  }

  #known(found: string | null, text: string): Shape | undefined {
    let shape = found ?? "";
    let known = this.#shapes.get(shape);
    if (known === undefined) {
      let forms = formsOf(shape);
      if (forms.length === 0) {
        if (/^\d*$/.test(text) || !fitsIso("timestamp", text)) return undefined;
        [shape, forms] = [`iso ${shape}`, [OTHER_ISO]];
        known = this.#shapes.get(shape);
        if (known !== undefined) return known;
      }
      this.#shapes.set(
        shape,
        known = { count: 0, forms, isIso: true, isDay: true, isPadded: true },
      );
    }
    return known;
  }
}
