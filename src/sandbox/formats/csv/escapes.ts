/** What a letter after a backslash stands for, as in exports of MySQL and PostgreSQL. */
const AFTER_BACKSLASH = new Map([
  ["0", "\0"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["Z", "\x1a"],
]);

/** Replaces escape characters and what follows them. */
export function unescaped(text: string, escape: string): string {
  let at = text.indexOf(escape);
  if (at < 0) return text;
  let result = "";
  let from = 0;
  while (at >= 0) {
    const next = text[at + 1] ?? escape;
    result += text.slice(from, at) + (escape === "\\" ? AFTER_BACKSLASH.get(next) ?? next : next);
    from = at + 2;
    at = text.indexOf(escape, from);
  }
  return result + text.slice(from);
}

/** An unquoted field with escapes: `\N` is null. */
export function unescapedField(field: string, escape: string): string | null {
  return escape === "\\" && field === "\\N" ? null : unescaped(field, escape);
}

/** The index of the first quote in a field that is not escaped, or -1. */
export function unescapedQuote(field: string, quote: string, escape: string): number {
  let at = 0;
  for (;;) {
    const found = field.indexOf(quote, at);
    const escaped = field.indexOf(escape, at);
    if (found < 0 || escaped < 0 || found < escaped) return found;
    at = escaped + 2;
  }
}
