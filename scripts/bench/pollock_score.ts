/** The points of one file of the Pollock benchmark, and how they are computed: 0 to 10. */

type Rows = readonly (readonly string[])[];

/**
 * One point for a file that was loaded at all, and up to three each for its header, its records and its
 * cells: recall, precision and F1 of what was loaded, compared as multisets with the clean version.
 *
 * @param loaded the header, if the file has one, and the records; null if the file was refused
 * @param clean the same of the clean version
 */
export function pointsOf(loaded: Rows | null, clean: Rows): number {
  if (loaded === null) return 0;
  const [wantedHeader, ...wantedRecords] = clean;
  if (wantedHeader === undefined) return 10;
  const [header = [], ...records] = loaded;
  const ofHeader = wantedHeader.length === 0
    ? 3
    : compared(wantedHeader.map(canonical), header.map(canonical));
  const ofRecords = wantedRecords.length === 0
    ? 3
    : compared(wantedRecords.map(joined), records.map(joined));
  // Cells count as they are written, those of the header too.
  const ofCells = wantedHeader.length === 0 ? 3 : compared(clean.flat(), loaded.flat());
  return 1 + ofHeader + ofRecords + ofCells;
}

/** A record is compared without its delimiters, so that a misplaced one alone costs nothing. */
function joined(record: readonly string[]): string {
  return record.map(canonical).join("");
}

/** Recall + precision + F1. */
function compared(wanted: readonly string[], had: readonly string[]): number {
  const left = new Map<string, number>();
  for (const one of wanted) left.set(one, (left.get(one) ?? 0) + 1);
  let common = 0;
  for (const one of had) {
    const count = left.get(one) ?? 0;
    if (count === 0) continue;
    left.set(one, count - 1);
    common++;
  }
  if (common === 0) return 0;
  const recall = common / wanted.length;
  const precision = common / had.length;
  return recall + precision + 2 * recall * precision / (recall + precision);
}

const INTEGER = /^[+-]?\d+(?:_\d+)*$/;
const FLOAT =
  /^[+-]?(?:(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?)$/i;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*$/;
const DATE =
  /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?)?$/;
const CURRENCY = /[$€£¥]|\b(?:USD|EUR|GBP)\b/;
const AMOUNT = /\d[\d,.]*/;

const known = new Map<string, string>();

/** A cell without differences of spelling: case, 1.50 for 1.5, 7:00 for 07:00:00, one date twice. */
function canonical(cell: string): string {
  let found = known.get(cell);
  if (found === undefined) known.set(cell, found = canonicalOf(cell));
  return found;
}

function canonicalOf(cell: string): string {
  const text = cell.trim();
  if (text === "") return cell;
  if (/^(?:True|true|False|false)$/.test(cell)) return cell.toLowerCase() === "true" ? "1" : "0";
  if (INTEGER.test(text)) return String(BigInt(text.replaceAll("_", "").replace(/^\+/, "")));
  if (FLOAT.test(text)) return float(Number(text.replaceAll("_", "")));
  return moment(cell) ?? money(cell) ?? cell.toLowerCase();
}

/** A number that is written apart from an integer: 5.0 is not 5. */
function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function moment(cell: string): string | null {
  const time = TIME.exec(cell);
  if (time !== null && Number(time[1]) < 24 && Number(time[2]) < 60) {
    return `${time[1]!.padStart(2, "0")}:${time[2]}:${time[3] ?? "00"}${time[4] ?? ""}`;
  }
  const date = DATE.exec(cell.trim());
  return date === null ? null : dateOf(date);
}

function dateOf(date: RegExpExecArray): string | null {
  const [first, second, third] = [date[1]!, date[3]!, date[4]!];
  let [year, month, day] = [Number(first), Number(second), Number(third)];
  if (first.length !== 4) {
    if ((third.length !== 2 && third.length !== 4) || first.length > 2) return null;
    [year, month, day] = [Number(third), Number(first), Number(second)];
    if (month > 12) [month, day] = [day, month];
    if (third.length === 2) year += year < 75 ? 2000 : 1900;
  }
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  const two = (value: number | string) => String(value).padStart(2, "0");
  const day8 = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  return `${day8} ${two(date[5] ?? "0")}:${date[6] ?? "00"}:${date[7] ?? "00"}`;
}

/** An amount with a currency counts for the whole cell, whatever else stands in it. */
function money(cell: string): string | null {
  const currency = CURRENCY.exec(cell);
  const number = AMOUNT.exec(cell);
  if (currency === null || number === null) return null;
  const written = number[0].replace(/[.,]+$/, "");
  const digits = written.replace(/[.,](?=.*[.,])/g, "");
  const [whole = "", rest = ""] = digits.replaceAll(",", ".").split(".");
  const isThousands = written.includes(",") && !written.includes(".") && rest.length === 3;
  return currency[0] + float(Number(isThousands ? whole + rest : `${whole}.${rest || "0"}`));
}

/**
 * The rows of a clean version: commas, double quotes, and nothing is an error. A blank line is a row
 * without cells.
 */
export function cleanRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let inQuotes = false;
  let isEmpty = true;
  const end = () => {
    if (!isEmpty) row.push(cell);
    rows.push(row);
    [row, cell, isEmpty] = [[], "", true];
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (inQuotes) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') cell += text[++at];
      else inQuotes = false;
    } else if (char === "\n") end();
    else {
      isEmpty = false;
      if (char === ",") [cell] = ["", row.push(cell)];
      else if (char === '"' && cell === "") inQuotes = true;
      else cell += char;
    }
  }
  if (!isEmpty || cell !== "") end();
  return rows;
}
