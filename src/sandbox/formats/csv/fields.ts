import type { CsvSyntax } from "./syntax.ts";

/** The fields of a record. Null: one that the record lacks, or `\N` if backslashes are escapes. */
export type Fields = (string | null)[];

/** A field without blanks around it: spaces, and tabs unless they are the delimiter. */
export function trimmed(field: string): string {
  let from = 0;
  let end = field.length;
  while (from < end && isBlank(field.charCodeAt(from))) from++;
  while (end > from && isBlank(field.charCodeAt(end - 1))) end--;
  return field.substring(from, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** Why a field with a quote at `at` was rejected, with the option that would read it. */
export function quoteInside(field: string, at: number, where: string, syntax: CsvSyntax): string {
  const isAfterBlanks = !syntax.trim && trimmed(field.slice(0, at)) === "";
  return isAfterBlanks
    ? `has blanks before a quote, at ${where} (see the option trim)`
    : `has a quote inside an unquoted field, at ${where}`;
}

/** Why a record with text after a closing quote was rejected. @param close where the text begins */
export function textAfterQuote(
  value: string,
  at: number,
  where: string,
  { trim, escape, delimiter }: CsvSyntax,
): string {
  const reason = `has text after a closing quote, at ${where}`;
  if (escape !== "\\" && value[at - 2] === "\\") {
    return `${reason}; the quote follows a backslash (see the option escape)`;
  }
  const rest = /^[ \t]+/.exec(value.slice(at, at + 100))?.[0] ?? "";
  const next = value[at + rest.length];
  if (trim || rest === "" || (next !== delimiter[0] && next !== "\r" && next !== "\n")) {
    return reason;
  }
  return `has blanks after a closing quote, at ${where} (see the option trim)`;
}

/** Why a record with more or fewer fields than the header was rejected. */
export function raggedReason(
  fields: Fields,
  names: readonly string[],
  { comment, trailingDelimiter }: CsvSyntax,
): string {
  const width = names.length;
  const has = `has ${fields.length} ${fields.length === 1 ? "field" : "fields"}`;
  const reason = `${has}, the header has ${width}`;
  if (fields.length === width + 1 && fields[width] === "" && !trailingDelimiter) {
    return `${reason}; the last is empty (see the option trailingDelimiter)`;
  }
  if (comment !== "") return reason;
  if (names[0]?.startsWith("#")) return `${reason} and starts with # (see the option comment)`;
  const isComment = fields[0]?.startsWith("#");
  return isComment ? `${reason}; the line starts with # (see the option comment)` : reason;
}
