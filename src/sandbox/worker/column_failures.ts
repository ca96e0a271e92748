import { Failure } from "../../base/failure.ts";
import { similarName } from "../../base/nearest.ts";
import type { DeclaredFormat } from "../wire/declaration.ts";

/** A file, or an entry of an archive, whose column names are known. */
export interface FileOfColumns {
  names: readonly string[];
  format: DeclaredFormat;
  /** The name of the entry; null outside archives. */
  entry: string | null;
}

const MAX_SHOWN = 50;
const MAX_NAME_CHARS = 100;

function optionsHint(count: number): string {
  const them = count === 1 ? "it" : "them";
  return `If files may lack ${them}, add ${them} to "optional" of the format; if they name ${them} ` +
    'differently, to "aliases", or set match: "loose".';
}

/**
 * The file lacks columns that the module reads.
 * @param missing for each column the names that it may have
 */
export function missingColumns(
  missing: readonly (readonly string[])[],
  file: FileOfColumns,
): Failure {
  const names = listed(missing.map((each) => each.map(quoted).join(" or ")));
  const are = missing.length === 1 ? "is" : "are";
  const state = `${columnsWord(missing.length)} ${names} ${are} missing`;
  const other = otherContent(file);
  if (other !== null) {
    return failure("column-missing", file, `${state}; ${other.state}`, other.hint);
  }
  const similar = [
    ...new Set(missing.flatMap((each) => {
      const found = each.map((name) => similarName(name, file.names)).find((one) => one !== null);
      return found === undefined ? [] : [found];
    })),
  ];
  const has = similar.length === 0
    ? ""
    : `; the file has ${listed(similar.map(quoted))}; did you mean ${
      similar.length === 1 ? "that" : "those"
    }?`;
  const all = has === "" ? `; ${allNames(file)}` : ` ${capitalized(allNames(file))}`;
  return failure("column-missing", file, `${state}${has}${all}`, optionsHint(missing.length));
}

/** Two columns of the file fit one name of the module. */
export function ambiguousColumns(
  fitting: readonly string[],
  key: string,
  file: FileOfColumns,
): Failure {
  const fit = fitting.length === 2 ? "both fit" : "all fit";
  const state = `${columnsText(fitting)} ${fit} the module's name ${quoted(key)}`;
  const hint = 'Send only one of them, or change "aliases", "match" or "from" in the module.';
  return failure("column-ambiguous", file, state, hint);
}

/** The module allows no other columns than its own. */
export function newColumns(others: readonly string[], file: FileOfColumns): Failure {
  const state = `the module does not read its ${columnsText(others)}`;
  const them = others.length === 1 ? "it" : "them";
  return failure(
    "column-new",
    file,
    state,
    `Remove ${them} from the file, or set newColumns: "ignore".`,
  );
}

/** The module reads a name that it does not declare. */
export function undeclaredColumns(names: readonly string[], file: FileOfColumns): Failure {
  const state = `the module reads ${columnsText(names)}, which "columns" of its format lacks`;
  return failure("column-undeclared", file, state, 'Add the names to "columns" or "optional".');
}

/** A notice about columns that the module ignores. */
export function ignoredNotice(names: readonly string[]): string {
  const verb = names.length === 1 ? "is" : "are";
  return `${columnsText(names)} ${verb} not read by the module`;
}

/** `column "a"`, `columns "a" and "b"` */
function columnsText(names: readonly string[]): string {
  return `${columnsWord(names.length)} ${listed(names.slice(0, MAX_SHOWN).map(quoted))}`;
}

function columnsWord(count: number): string {
  return count === 1 ? "column" : "columns";
}

function allNames({ names, format }: FileOfColumns): string {
  const isJson = format.kind === "json" || format.kind === "jsonl";
  if (names.length === 0) return isJson ? "its records have no names" : "it has no columns";
  const more = names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : "";
  const shown = names.slice(0, MAX_SHOWN).map(quoted).join(", ");
  return `${isJson ? "the names in its records are" : "its columns are"} ${shown}${more}`;
}

/** What the file seems to be instead, judged by its header; null if that is not clear. */
function otherContent({ names, format }: FileOfColumns): { state: string; hint: string } | null {
  const [first = ""] = names;
  if (/^\s*<(!doctype html|html|head|body)\b/i.test(first)) {
    return {
      state: "the file is a web page",
      hint: "Check where the file comes from: a page for login or errors was saved in its place.",
    };
  }
  if (format.kind !== "csv" || names.length !== 1) return null;
  const { delimiter = "," } = format.options;
  const found = [",", ";", "\t", "|"].find((each) => each !== delimiter && first.includes(each));
  if (found === undefined) return null;
  const shown = JSON.stringify(found);
  return {
    state: `the header has ${shown} between its names instead of ${JSON.stringify(delimiter)}: ` +
      quoted(first),
    hint: `Save the file with ${
      JSON.stringify(delimiter)
    }, or set delimiter: ${shown} in the module.`,
  };
}

function failure(code: string, { entry }: FileOfColumns, state: string, hint: string): Failure {
  const file = entry === null ? "the file" : quoted(entry);
  return new Failure("refused", code, `Cannot read ${file}: ${state}`, { hint });
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, MAX_NAME_CHARS));
}

/** `a`, `a and b`, `a, b and c` */
function listed(texts: readonly string[]): string {
  if (texts.length < 2) return texts.join("");
  return `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
