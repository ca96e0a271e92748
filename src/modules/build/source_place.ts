import { posix } from "node:path";
import type { ModuleFiles } from "../../protocol/module_view.ts";
import { type Token, tokensOf } from "./source_tokens.ts";

/** A position in a module's sources; line and column start at 1. */
export interface SourcePlace {
  file: string;
  line: number;
  column: number;
}

/** An expression: the token at which it starts. */
interface Expression {
  file: string;
  tokens: Token[];
  at: number;
}

const OPEN = new Set(["(", "[", "{"]);
const CLOSE = new Set([")", "]", "}"]);
/** Variables that refer to variables that refer to … */
const MAX_REFERENCES = 10;

/** Longer files are not searched: that would take long where a file is made for it. */
const MAX_CHARS = 256 * 1024;

/**
 * Finds parts of a module's declaration in its sources: a property of the default export, also where
 * its value is a variable, imported or not, or the argument of a function such as `csv`.
 *
 * @example
 * ```ts
 * import { SourcePlaces } from "./source_place.ts";
 * const files = { "ingest.ts": "export default defineIngest({\n  files: 5 });" };
 * new SourcePlaces(files).find("ingest.ts", ["files"]); // { file: "ingest.ts", line: 2, column: 3 }
 * ```
 */
export class SourcePlaces {
  readonly #files: ModuleFiles;
  readonly #tokens = new Map<string, Token[]>();

  constructor(files: ModuleFiles) {
    this.#files = files;
  }

  /**
   * @param path the names of the properties, and the indexes in lists
   * @returns the position of the innermost part that is found; at least the default export
   */
  find(entry: string, path: readonly string[]): SourcePlace {
    const tokens = this.#tokensOf(entry);
    const start = defaultExport(tokens);
    let place: Expression = { file: entry, tokens, at: Math.max(0, start) };
    let value: Expression | null = start < 0 ? null : { file: entry, tokens, at: start + 2 };
    for (const name of path) {
      const literal: Expression | null = value && this.#literalOf(value);
      const member: Expression | null = literal && memberOf(literal, name);
      if (member) {
        place = member;
        value = valueOf(member);
      } // A format's options are the argument of its function.
      else if (name !== "options") break;
    }
    return this.#placeOf(place);
  }

  /** The object or list that an expression is, or is called with, or refers to. */
  #literalOf(from: Expression): Expression | null {
    let { file, tokens, at } = from;
    for (let references = 0; references < MAX_REFERENCES;) {
      const token = tokens[at];
      const next = tokens[at + 1]?.text;
      if (token?.text === "{" || token?.text === "[") return { file, tokens, at };
      if (token?.text === "(") at++;
      else if (token?.kind === "word" && next === "(") at += 2;
      else if (token?.kind === "word" && next === ".") at += 2;
      else if (token?.kind === "word") {
        const found = this.#variable({ file, tokens }, token.text);
        if (found === null) return null;
        ({ file, tokens, at } = found);
        references++;
      } else return null;
    }
    return null;
  }

  /** The value of a variable of a file, or of the file that it is imported from. */
  #variable(
    { file, tokens }: Omit<Expression, "at">,
    name: string,
  ): Expression | null {
    const at = assignedTo(tokens, name);
    if (at !== null) return { file, tokens, at };
    const imported = importOf(tokens, name);
    if (imported === null) return null;
    const path = posix.normalize(posix.join(posix.dirname(file), imported.from));
    const target = [path, `${path}.ts`, `${path}.js`].find((each) =>
      Object.hasOwn(this.#files, each)
    );
    if (target === undefined) return null;
    const others = this.#tokensOf(target);
    const start = assignedTo(others, imported.name);
    return start === null ? null : { file: target, tokens: others, at: start };
  }

  #placeOf({ file, tokens, at }: Expression): SourcePlace {
    const before = (this.#files[file] ?? "").slice(0, tokens[at]?.index ?? 0).split("\n");
    return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }

  #tokensOf(file: string): Token[] {
    const known = this.#tokens.get(file);
    if (known) return known;
    const source = this.#files[file] ?? "";
    const tokens = source.length > MAX_CHARS ? [] : tokensOf(source);
    this.#tokens.set(file, tokens);
    return tokens;
  }
}

/** The index of `export` in `export default`. */
function defaultExport(tokens: Token[]): number {
  return tokens.findIndex(({ text }, i) => text === "export" && tokens[i + 1]?.text === "default");
}

/** Where the value starts that a declaration assigns to a variable. */
function assignedTo(tokens: Token[], name: string): number | null {
  const at = tokens.findIndex(({ text }, i) =>
    /^(const|let|var)$/.test(text) && tokens[i + 1]?.text === name
  );
  if (at < 0) return null;
  // A type may stand between.
  const sign = tokens.findIndex(({ text }, i) => i > at && (text === "=" || text === ";"));
  return tokens[sign]?.text === "=" ? sign + 1 : null;
}

function importOf(tokens: Token[], name: string): { name: string; from: string } | null {
  const at = tokens.findIndex(({ text, kind }, i) =>
    kind === "word" && text === name && /^[{,]$|^as$/.test(tokens[i - 1]?.text ?? "") &&
    /^[},]$/.test(tokens[i + 1]?.text ?? "")
  );
  const from = tokens.findIndex(({ text }, i) => at >= 0 && i > at && text === "from");
  const path = tokens[from + 1];
  if (from < 0 || path?.kind !== "string") return null;
  const original = tokens[at - 1]?.text === "as" ? tokens[at - 2]?.text : name;
  return { name: original ?? name, from: path.text };
}

/** A member of an object by its name, or of a list by its index. */
function memberOf({ file, tokens, at: open }: Expression, name: string): Expression | null {
  const isList = tokens[open]?.text === "[";
  let depth = 0;
  let index = 0;
  let starts = true;
  for (let at = open + 1; at < tokens.length; at++) {
    const { text, kind } = tokens[at]!;
    if (depth === 0 && CLOSE.has(text)) return null;
    if (depth === 0 && starts && (isList ? String(index) === name : text === name)) {
      if (isList || kind !== "other") return { file, tokens, at };
    }
    if (OPEN.has(text)) depth++;
    else if (CLOSE.has(text)) depth--;
    starts = depth === 0 && text === ",";
    if (starts) index++;
  }
  return null;
}

/** The value of a member: of an element itself, of `name` or `name()` too. */
function valueOf({ file, tokens, at }: Expression): Expression {
  return { file, tokens, at: tokens[at + 1]?.text === ":" ? at + 2 : at };
}
