import { zip } from "./archives.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A cell: its value, or the XML attributes and content of its element `c`. */
export type CellSpec = string | number | boolean | null | { attributes?: string; content: string };

export interface SheetSpec {
  /** @default "Sheet1", "Sheet2", … */
  name?: string;
  state?: "hidden" | "veryHidden";
  /** Rows from 1, or the XML between `<sheetData>` and `</sheetData>`. */
  rows: readonly (readonly CellSpec[])[] | string;
  /** XML before and after the rows. */
  before?: string;
  after?: string;
}

export interface WorkbookOptions {
  /** The codes of number formats; a cell has the format i with the style i, from 1. */
  formats?: readonly string[];
  /** Numbers of built-in formats; their styles follow those of `formats`. */
  builtIn?: readonly number[];
  /** The XML between `<sst>` and `</sst>`. */
  strings?: string;
  /** XML in the workbook's part before the list of sheets. */
  properties?: string;
  /** XML in the workbook's part after the list of sheets. */
  calculation?: string;
  /** Other parts; null removes one that the workbook has. */
  parts?: Record<string, string | null>;
}

const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships";

/** Makes a workbook, part by part, so that it can be wrong in any way. */
export async function workbook(
  sheets: readonly SheetSpec[],
  options: WorkbookOptions = {},
): Promise<Bytes> {
  return await zip(Object.entries(workbookParts(sheets, options)));
}

/** The parts of a workbook by name. */
export function workbookParts(
  sheets: readonly SheetSpec[],
  options: WorkbookOptions = {},
): Record<string, string> {
  const worksheets = sheets.map((sheet, i) => [`worksheets/sheet${i + 1}.xml`, sheet] as const);
  const parts: Record<string, string | null> = {
    "_rels/.rels": relations([["rId1", "officeDocument", "xl/workbook.xml"]]),
    "xl/workbook.xml": workbookXml(sheets, options),
    "xl/_rels/workbook.xml.rels": relations([
      ...worksheets.map(([name], i) => [`rId${i + 1}`, "worksheet", name] as const),
      ["rIdS", "styles", "styles.xml"],
      ["rIdT", "sharedStrings", "sharedStrings.xml"],
    ]),
    "xl/styles.xml": stylesXml(options),
    "xl/sharedStrings.xml": `<sst xmlns="${MAIN}">${options.strings ?? ""}</sst>`,
    ...Object.fromEntries(worksheets.map(([name, sheet]) => [`xl/${name}`, sheetXml(sheet)])),
    ...options.parts,
  };
  const present = Object.entries(parts).filter(([, content]) => content !== null);
  return Object.fromEntries(present) as Record<string, string>;
}

/** The XML of relations: id, the end of the type, target. */
export function relations(all: readonly (readonly [string, string, string])[]): string {
  const elements = all.map(([id, type, target]) =>
    `<Relationship Id="${id}" Type="${DOCUMENT}/${type}" Target="${target}"/>`
  );
  return `<Relationships xmlns="${PACKAGE}">${elements.join("")}</Relationships>`;
}

function workbookXml(
  sheets: readonly SheetSpec[],
  { properties = "", calculation = "" }: WorkbookOptions,
): string {
  const list = sheets.map(({ name, state }, i) =>
    `<sheet name="${escaped(name ?? `Sheet${i + 1}`)}" sheetId="${i + 1}" ` +
    `${state === undefined ? "" : `state="${state}" `}r:id="rId${i + 1}"/>`
  );
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n` +
    `<workbook xmlns="${MAIN}" xmlns:r="${DOCUMENT}">${properties}` +
    `<sheets>${list.join("")}</sheets>${calculation}</workbook>`;
}

function stylesXml({ formats = [], builtIn = [] }: WorkbookOptions): string {
  const own = formats.map((code, i) =>
    `<numFmt numFmtId="${200 + i}" formatCode="${escaped(code)}"/>`
  );
  const ids = [0, ...formats.map((_, i) => 200 + i), ...builtIn];
  const styles = ids.map((id) => `<xf numFmtId="${id}" fontId="0"/>`);
  return `<styleSheet xmlns="${MAIN}"><numFmts>${own.join("")}</numFmts>` +
    `<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${styles.join("")}</cellXfs>` +
    `</styleSheet>`;
}

function sheetXml({ rows, before = "", after = "" }: SheetSpec): string {
  const data = typeof rows === "string" ? rows : rows.map(rowXml).join("");
  return `<worksheet xmlns="${MAIN}">${before}<sheetData>${data}</sheetData>${after}</worksheet>`;
}

function rowXml(cells: readonly CellSpec[], index: number): string {
  const row = index + 1;
  const elements = cells.map((cell, i) => cell === null ? "" : cellXml(cell, `${letter(i)}${row}`));
  return `<row r="${row}">${elements.join("")}</row>`;
}

function cellXml(cell: Exclude<CellSpec, null>, reference: string): string {
  if (typeof cell === "object") {
    return `<c r="${reference}" ${cell.attributes ?? ""}>${cell.content}</c>`;
  }
  if (typeof cell === "number") return `<c r="${reference}"><v>${cell}</v></c>`;
  if (typeof cell === "boolean") return `<c r="${reference}" t="b"><v>${cell ? 1 : 0}</v></c>`;
  return `<c r="${reference}" t="inlineStr"><is><t>${escaped(cell)}</t></is></c>`;
}

/** A number with the style i; see {@link WorkbookOptions.formats}. */
export function styled(value: number | string, style: number): CellSpec {
  return { attributes: `s="${style}"`, content: `<v>${value}</v>` };
}

function letter(index: number): string {
  return String.fromCharCode(65 + index);
}

/** A text as XML. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
