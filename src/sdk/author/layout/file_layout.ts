import type { Format } from "../../format.ts";
import { avro } from "../../avro.ts";
import { csv } from "../../csv.ts";
import { json } from "../../json.ts";
import { jsonl } from "../../jsonl.ts";
import { parquet } from "../../parquet.ts";
import { xlsx } from "../../xlsx.ts";
import { libraryReader } from "../../../sandbox/formats/library_reader.ts";
import { textDecoder } from "../../../sandbox/formats/text/decoder.ts";
import { looksZip } from "../../../sandbox/formats/unpack/zip.ts";
import { csvLayout } from "./csv_layout.ts";
import type { LooseRow } from "./csv_rows.ts";
import { detectEncoding, type FoundEncoding } from "./encoding.ts";
import { headerLayout } from "./header_layout.ts";
import { jsonLayout } from "./json_layout.ts";
import { nothingToInfer, type SampleFile } from "../sample_files.ts";

/** The format of a file, and what of it is not certain. */
export interface FileLayout {
  format: Format;
  /** Whether its bytes are ASCII, so that it may be a sample of any encoding. */
  isAscii: boolean;
  /** Its encoding if it is a text. */
  encoding?: string;
  notes: string[];
  unsure: string[];
}

/** Text that is looked at to find the delimiter, the header and the records. */
const START_CHARS = 256 * 1024;
const END_CHARS = 16 * 1024;
const START_ROWS = 300;
const MAX_SHEET_COLUMNS = 500;
/** Files that are read as a whole; infer runs on the author's machine. */
export const MAX_WHOLE_BYTES = 1024 ** 3;

/**
 * Finds out the format of a file from its content.
 *
 * @throws {Failure} `nothing-to-infer`, and those of the readers
 */
export async function fileLayout(file: SampleFile): Promise<FileLayout> {
  const start = await startBytes(file);
  const known = { isAscii: true, notes: [], unsure: [] };
  if (startsWith(start, "PAR1")) return { ...known, format: parquet() };
  if (startsWith(start, "Obj\x01")) return { ...known, format: avro() };
  if (looksZip(start)) return await sheetLayout(file);
  if (start[0] === 0xd0 && start[1] === 0xcf && start[2] === 0x11) {
    throw nothingToInfer(file.path, "it is an old Excel file (.xls)", "Save it as .xlsx.");
  }
  return await textLayout(file, await detectEncoding(file.pieces));
}

async function textLayout(file: SampleFile, encoding: FoundEncoding): Promise<FileLayout> {
  const options = encoding.label === "utf-8" ? {} : { encoding: encoding.label };
  const known = { isAscii: encoding.isAscii, encoding: encoding.label };
  const notes = encoding.evidence === null
    ? []
    : [`encoding ${encoding.label}: ${encoding.evidence}`];
  const unsure = encoding.isUnsure
    ? [`the encoding ${encoding.label} is a guess: look at the texts`]
    : [];
  const text = await startText(file, encoding.label);
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) {
    throw nothingToInfer(file.path, "it is a web page or XML, not a file of records");
  }
  if (/^\s*[[{]/.test(text)) {
    const layout = jsonLayout(text);
    if (layout.kind === "none") throw nothingToInfer(file.path, layout.why);
    if (layout.kind === "lines") return { ...known, format: jsonl(options), notes, unsure };
    const { at, others } = layout;
    if (others.length > 0) {
      unsure.push(
        `the records are taken from "${at}"; the file also has ${others.slice(0, 5).join(", ")}`,
      );
    }
    const format = json({ ...(at !== null && { at }), ...options });
    return { ...known, format, notes, unsure };
  }
  const layout = csvLayout(text, await endText(file, encoding.label));
  return {
    ...known,
    format: csv({ ...layout.options, ...options }),
    notes: [...notes, ...layout.notes],
    unsure: [...unsure, ...layout.unsure],
  };
}

async function sheetLayout(file: SampleFile): Promise<FileLayout> {
  const rows = await startRows(file);
  if (rows.length === 0) throw nothingToInfer(file.path, "its first sheet is empty");
  const { options, notes, unsure } = headerLayout(rows);
  return { format: xlsx(options), isAscii: true, notes, unsure };
}

/** The first rows of a sheet, without the blank ones. */
async function startRows(file: SampleFile): Promise<LooseRow[]> {
  const rows: LooseRow[] = [];
  const enough = new Error("enough rows");
  // With names for all columns, no row is too wide.
  const header = Array.from({ length: MAX_SHEET_COLUMNS }, (_, i) => String(i + 1));
  const reader = libraryReader(xlsx({ header, errors: "null" }), {
    fields: (cells, line) => {
      const last = cells.findLastIndex((cell) => cell !== null);
      rows.push({ line, fields: cells.slice(0, last + 1).map(shown) });
      if (rows.length >= START_ROWS) throw enough;
    },
    value() {},
    fault() {},
    skip() {},
  }, { maxWholeBytes: MAX_WHOLE_BYTES });
  try {
    for await (const bytes of file.pieces()) await reader.push(bytes);
    await reader.end();
  } catch (error) {
    if (error !== enough) throw error;
  }
  return rows;
}

function shown(cell: unknown): string {
  return cell instanceof Date
    ? cell.toISOString().replace(/T00:00:00\.000Z$/, "")
    : String(cell ?? "");
}

async function startBytes(file: SampleFile): Promise<Uint8Array> {
  for await (const piece of file.pieces()) return piece.slice(0, 8);
  throw nothingToInfer(file.path, "it is empty");
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((character, at) => bytes[at] === character.charCodeAt(0));
}

/** The start of a text file, up to the end of a line. */
async function startText(file: SampleFile, encoding: string): Promise<string> {
  const decoder = textDecoder(encoding);
  let text = "";
  for await (const piece of file.pieces()) {
    text += decoder.push(piece);
    if (text.length <= START_CHARS) continue;
    const end = text.slice(0, START_CHARS).search(/[\r\n][^\r\n]*$/);
    return text.slice(0, end < 0 ? START_CHARS : end + 1);
  }
  return text + decoder.end();
}

/** The end of a text file, from the start of a line. */
async function endText(file: SampleFile, encoding: string): Promise<string> {
  const decoder = textDecoder(encoding);
  let text = "";
  for await (const piece of file.pieces()) {
    text = text.slice(-END_CHARS) + decoder.push(piece);
  }
  text += decoder.end();
  const end = text.slice(-END_CHARS);
  return end.length === text.length ? end : end.slice(end.search(/[\r\n]/) + 1);
}
