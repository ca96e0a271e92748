import { Failure } from "../../../base/failure.ts";
import type { DeclaredFormat } from "../../wire/declaration.ts";
import {
  entryPatterns,
  matchesName,
  type NamePatterns,
  takesEntry,
} from "../../wire/file_patterns.ts";
import { EXCEL, type FileKind, wrongFormat } from "./file_kind.ts";
import type { ZipEntry } from "./zip.ts";

/** Which files of an archive are loaded. */
interface Choice {
  chosen: ZipEntry[];
  /** A remark about the others; null if there are none. */
  notice: string | null;
}

/** Names to show in a message. */
const MAX_NAMES = 5;
const MAX_NAME_CHARS = 40;

/** Files that operating systems add to archives. */
export const SYSTEM_FILES = /(^|\/)(__MACOSX\/|\.|Thumbs\.db$|desktop\.ini$)/i;

/**
 * Chooses the files of an archive that the module loads: those whose names match its patterns. If the
 * archive's own name matches, its only file may have any name.
 *
 * @param archiveName the archive's own name
 * @throws {Failure} `zip-empty`, `zip-no-entry`
 */
export function chosenEntries(
  entries: readonly ZipEntry[],
  archiveName: string,
  module: NamePatterns,
): Choice {
  if (entries.length === 0) {
    throw new Failure("refused", "zip-empty", "Cannot unpack the file: it is empty");
  }
  const patterns = entryPatterns(module);
  const data = entries.filter(({ name }) => !SYSTEM_FILES.test(name));
  const isAlone = data.length === 1 && !module.entries && matchesName(module.files, archiveName);
  const chosen = isAlone ? data : data.filter(({ name }) => takesEntry(patterns, name));
  if (chosen.length === 0) throw noEntry(entries, patterns);
  const others = entries.filter((entry) => !chosen.includes(entry));
  if (others.length === 0) return { chosen, notice: null };
  const notice = `skipped ${others.length} of ${entries.length} files in the archive: ` +
    `${namesOf(others)}`;
  return { chosen, notice };
}

/** Whether an archive is an Excel workbook. */
export function isWorkbook(entries: readonly ZipEntry[]): boolean {
  return documentOf(entries) === EXCEL;
}

/**
 * Refuses a document whose format is based on zip.
 *
 * @param title what messages call it
 * @throws {Failure} `wrong-format`
 */
export function refuseDocument(
  entries: readonly ZipEntry[],
  format: DeclaredFormat,
  title: string,
): void {
  const kind = documentOf(entries);
  if (kind !== null) throw wrongFormat(kind, format, title);
}

function documentOf(entries: readonly ZipEntry[]): FileKind | null {
  const has = (start: string) => entries.some(({ name }) => name.startsWith(start));
  if (entries[0]?.name === "mimetype" && has("META-INF/")) {
    const hint = "Save it as .xlsx or export it as CSV.";
    return { what: "an OpenDocument file (.ods)", hint };
  }
  if (!has("[Content_Types].xml")) return null;
  if (has("xl/")) return EXCEL;
  const what = has("word/") ? "a Word document" : "an Office document";
  return { what, hint: "Export the data in the format that the module reads." };
}

/** A name for messages, in quotes. */
export function inQuotes(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 199)}…` : name);
}

function namesOf(entries: readonly ZipEntry[]): string {
  const names = entries.slice(0, MAX_NAMES).map(({ name }) =>
    JSON.stringify(name.length > MAX_NAME_CHARS ? `…${name.slice(1 - MAX_NAME_CHARS)}` : name)
  );
  const more = entries.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function noEntry(entries: readonly ZipEntry[], patterns: readonly string[]): Failure {
  const text =
    `Cannot unpack the file: no file in the archive is named ${patterns.join(" or ")}; ` +
    `it has ${namesOf(entries)}`;
  return new Failure("refused", "zip-no-entry", text, {
    hint: 'Rename the files, or set `entries` in the module, such as `entries: "*.csv"`.',
  });
}
