import { corrupt } from "./failures.ts";
import { type NumberFormat, parseNumberFormat } from "./number_format.ts";
import type { Package } from "./package.ts";
import type { XmlTag } from "./xml.ts";

/** The formats that a workbook refers to by number only (ECMA-376 part 1, 18.8.30). */
const BUILT_IN: Record<number, string> = {
  0: "General",
  1: "0",
  2: "0.00",
  3: "#,##0",
  4: "#,##0.00",
  5: '"$"#,##0_);\\("$"#,##0\\)',
  6: '"$"#,##0_);[Red]\\("$"#,##0\\)',
  7: '"$"#,##0.00_);\\("$"#,##0.00\\)',
  8: '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)',
  9: "0%",
  10: "0.00%",
  11: "0.00E+00",
  12: "# ?/?",
  13: "# ??/??",
  14: "m/d/yyyy",
  15: "d-mmm-yy",
  16: "d-mmm",
  17: "mmm-yy",
  18: "h:mm AM/PM",
  19: "h:mm:ss AM/PM",
  20: "h:mm",
  21: "h:mm:ss",
  22: "m/d/yyyy h:mm",
  37: "#,##0_);(#,##0)",
  38: "#,##0_);[Red](#,##0)",
  39: "#,##0.00_);(#,##0.00)",
  40: "#,##0.00_);[Red](#,##0.00)",
  41: '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)',
  42: '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)',
  43: '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)',
  44: '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)',
  45: "mm:ss",
  46: "[h]:mm:ss",
  47: "mm:ss.0",
  48: "##0.0E+0",
  49: "@",
};
/** The formats that differ between countries even in their order of day and month. */
const LOCAL_DATES = [14, 22];
/** Formats that are shown as the reader's system writes dates or times. */
const SYSTEM_FORMAT = /^\[\$-F[48]00\]/i;
const MAX_STYLES = 100_000;

/** The number formats of a workbook's cell styles. */
export class Styles {
  readonly #ids: number[] = [];
  readonly #custom = new Map<number, string>();
  readonly #formats = new Map<number, NumberFormat>();

  /** @throws {Failure} `xlsx-corrupt`, `xlsx-too-large` */
  static async read(parts: Package, part: string | null): Promise<Styles> {
    const styles = new Styles();
    // Conditional formats and named styles have elements of the same names.
    let list = "";
    if (part === null || !parts.has(part)) return styles;
    await parts.parse(part, {
      open(name, tag) {
        if (name === "numFmts" || name === "cellXfs") list = name;
        else if (name === "numFmt" && list === "numFmts") styles.#define(tag);
        else if (name === "xf" && list === "cellXfs") styles.#add(tag);
      },
      close(name) {
        if (name === list) list = "";
      },
    });
    return styles;
  }

  /** The number format of a style by its number in a cell; null if there is no such style. */
  formatOf(style: number): NumberFormat | null {
    // A workbook without styles is valid, and a cell without one has style 0.
    const id = style === 0 ? this.#ids[0] ?? 0 : this.#ids[style];
    if (id === undefined) return null;
    const known = this.#formats.get(id);
    if (known !== undefined) return known;
    const format = this.#open(id);
    this.#formats.set(id, format);
    return format;
  }

  #open(id: number): NumberFormat {
    const custom = this.#custom.get(id);
    const format = parseNumberFormat(custom ?? BUILT_IN[id] ?? "General");
    const isBuiltIn = custom === undefined;
    const isLocal = isBuiltIn ? isLocalDate(id) : SYSTEM_FORMAT.test(custom);
    if (isLocal) { for (const section of format.sections) section.kind = "local"; }
    return format;
  }

  #define(tag: XmlTag): void {
    const id = Number(tag.get("numFmtId") ?? NaN);
    const code = tag.get("formatCode");
    if (Number.isInteger(id) && code !== null) this.#custom.set(id, code);
  }

  #add(tag: XmlTag): void {
    if (this.#ids.length >= MAX_STYLES) throw corrupt(`it has more than ${MAX_STYLES} styles`);
    this.#ids.push(Number(tag.get("numFmtId") ?? 0));
  }
}

/** Whether a built-in format is a date or a time that each country writes in its own way. */
function isLocalDate(id: number): boolean {
  return LOCAL_DATES.includes(id) || id >= 27 && id <= 36 || id >= 50 && id <= 58 ||
    id >= 71 && id <= 81;
}
