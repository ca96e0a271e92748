/** A piece of TypeScript: a word, a literal or a sign. */
export interface Token {
  kind: "word" | "string" | "other";
  /** For a string, its content; otherwise the text. */
  text: string;
  /** Where it starts in the source, from 0. */
  index: number;
}

const SPACE = /\s+|\/\/[^\n]*/y;
const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*|\d[\w.]*/uy;
// What is not closed ends with its line, and lengths are limited: the time must stay proportional to
// the length of any text.
const STRING = /"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,500}\]){1,500}\/\w*/y;
// After these, a slash starts a regular expression; after a value, it divides.
const BEFORE_REGEX = /^(?:[=([{,;:!&|?+\-*%<>~^]|return|typeof|case|in|of|=>)$/;

/**
 * Splits TypeScript into tokens, which is enough to find a property in it. A template is one token; a
 * text with syntax errors gives tokens, too.
 */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? null;
  };
  while (at < source.length) {
    const skipped = match(SPACE)?.length ?? commentLength(source, at);
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    const token = tokenAt();
    tokens.push(token.kind === "string" ? { ...token, text: contentOf(token.text) } : token);
    at += token.text.length;
  }
  return tokens;

  function tokenAt(): Token {
    const string = match(STRING);
    if (string !== null) return { kind: "string", text: string, index: at };
    const word = match(WORD);
    if (word !== null) return { kind: "word", text: word, index: at };
    const sign = source[at] ?? "";
    const regex = isRegex(sign, tokens.at(-1)) ? match(REGEX) : null;
    const text = sign === "`" ? source.slice(at, endOfTemplate(source, at)) : regex ?? sign;
    return { kind: "other", text, index: at };
  }
}

function commentLength(source: string, at: number): number {
  if (!source.startsWith("/*", at)) return 0;
  const end = source.indexOf("*/", at + 2);
  return (end < 0 ? source.length : end + 2) - at;
}

function isRegex(sign: string | undefined, before: Token | undefined): boolean {
  return sign === "/" && (before === undefined || BEFORE_REGEX.test(before.text));
}

/** Where a template ends, with the expressions and templates in it. */
function endOfTemplate(source: string, start: number): number {
  const open = ["`"];
  let at = start + 1;
  for (; open.length > 0 && at < source.length; at++) {
    const sign = source[at];
    if (open.at(-1) === "`") {
      if (sign === "\\") at++;
      else if (sign === "`") open.pop();
      else if (sign === "$" && source[at + 1] === "{") {
        open.push("{");
        at++;
      }
    } else if (sign === "`" || sign === "{") open.push(sign);
    else if (sign === "}") open.pop();
  }
  return at;
}

function contentOf(string: string): string {
  return string.replaceAll(/^["']|["']$/g, "").replaceAll(/\\(.)/g, "$1");
}
