/**
 * The parts of a workbook: which there are, how they refer to each other, and the list of sheets.
 *
 * @module
 */
import { releaseMemory } from "../../../base/bytes.ts";
import { openZip, type ZipEntry } from "../unpack/zip.ts";
import { corrupt, partTooLarge, quoted } from "./failures.ts";
import { type XmlHandler, XmlStream, type XmlTag } from "./xml.ts";

/** A worksheet in the order of the tabs. */
export interface Sheet {
  name: string;
  isHidden: boolean;
  part: string;
}

export interface Workbook {
  sheets: Sheet[];
  /** Whether day 0 is 1 January 1904 instead of 31 December 1899. */
  is1904: boolean;
  /** Whether the writer left the calculation of formulas to the program that opens the workbook. */
  isUncalculated: boolean;
  /** The names of other parts, if the workbook has them. */
  sharedStrings: string | null;
  styles: string | null;
}

interface Relation {
  /** The last part of its URI, which is the same in both variants of the standard. */
  type: string;
  target: string;
}

const MAX_SHEETS = 10_000;
/** A workbook's content may have this many times the maximum size of a file read as a whole. */
const CONTENT_FACTOR = 16;
const OLE2 = [0xd0, 0xcf, 0x11, 0xe0];

/** The parts of an archive by their names, which are compared without case. */
export class Package {
  readonly #entries: Map<string, ZipEntry>;
  readonly #maxPartBytes: number;

  private constructor(entries: Map<string, ZipEntry>, maxPartBytes: number) {
    this.#entries = entries;
    this.#maxPartBytes = maxPartBytes;
  }

  /** @throws {Failure} `xlsx-corrupt` and those of {@link openZip} */
  static async open(bytes: Uint8Array, maxWholeBytes: number): Promise<Package> {
    if (OLE2.every((byte, i) => bytes[i] === byte)) {
      throw corrupt(
        "it has a password or is an old .xls file",
        "Open it in Excel, remove the password, save it as .xlsx and resend it.",
      );
    }
    const limits = {
      maxBytes: CONTENT_FACTOR * maxWholeBytes,
      setting: "sandbox.max_whole_file_mb",
    };
    const entries = new Map<string, ZipEntry>();
    for (const entry of await openZip(bytes, limits)) {
      const key = keyOf(entry.name);
      if (entries.has(key)) throw corrupt(`it has two parts named ${quoted(entry.name)}`);
      entries.set(key, entry);
    }
    return new Package(entries, maxWholeBytes);
  }

  has(part: string): boolean {
    return this.#entries.has(keyOf(part));
  }

  /** The bytes of a part, as a stream. @throws {Failure} `xlsx-corrupt` if it is missing */
  content(part: string): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const entry = this.#entries.get(keyOf(part));
    if (entry === undefined) throw corrupt(`its part ${quoted(part)} is missing`);
    return entry.content();
  }

  /** Parses a part whose content is kept in memory. @throws {Failure} also `xlsx-too-large` */
  async parse(part: string, handler: XmlHandler): Promise<void> {
    const xml = new XmlStream(part, handler);
    let length = 0;
    for await (const bytes of this.content(part)) {
      length += bytes.length;
      if (length > this.#maxPartBytes) throw partTooLarge(part, this.#maxPartBytes);
      xml.push(bytes);
      releaseMemory(bytes);
    }
    xml.end();
  }
}

/** Reads what a workbook consists of. @throws {Failure} `xlsx-corrupt`, `xlsx-too-large` */
export async function readWorkbook(parts: Package): Promise<Workbook> {
  const part = await workbookPart(parts);
  const relations = await relationsOf(parts, part);
  const byType = (type: string) =>
    [...relations.values()].find((one) => one.type === type)?.target ?? null;
  const workbook: Workbook = {
    sheets: [],
    is1904: false,
    isUncalculated: false,
    sharedStrings: byType("sharedStrings"),
    styles: byType("styles"),
  };
  await parts.parse(part, {
    open(name, tag) {
      // Extensions repeat some names, without these attributes.
      if (name === "workbookPr") workbook.is1904 ||= isTrue(tag.get("date1904"));
      else if (name === "calcPr") {
        workbook.isUncalculated ||= isTrue(tag.get("fullCalcOnLoad"));
      } else if (name === "sheet") addSheet(workbook.sheets, tag, relations);
    },
    close() {},
  });
  return workbook;
}

function addSheet(sheets: Sheet[], tag: XmlTag, relations: Map<string, Relation>): void {
  const name = tag.get("name");
  const relation = relations.get(tag.get("id") ?? "");
  if (name === null || relation === undefined) throw corrupt("its list of sheets is damaged");
  if (sheets.length >= MAX_SHEETS) throw corrupt(`it has more than ${MAX_SHEETS} sheets`);
  // Charts and macros can be sheets, too.
  if (relation.type !== "worksheet") return;
  const isHidden = /^(hidden|veryHidden)$/.test(tag.get("state") ?? "visible");
  sheets.push({ name, isHidden, part: relation.target });
}

async function workbookPart(parts: Package): Promise<string> {
  const relations = parts.has("_rels/.rels") ? await relationsOf(parts, "") : new Map();
  for (const { type, target } of relations.values() as MapIterator<Relation>) {
    if (type !== "officeDocument") continue;
    if (/\.bin$/i.test(target)) throw corrupt("it is a binary workbook (.xlsb)");
    return target;
  }
  if (parts.has("xl/workbook.xml")) return "xl/workbook.xml";
  if (parts.has("content.xml")) throw corrupt("it is an OpenDocument file");
  throw corrupt("it is not a workbook");
}

/** The relations of a part, by id, with targets as names of parts. */
async function relationsOf(parts: Package, part: string): Promise<Map<string, Relation>> {
  const slash = part.lastIndexOf("/") + 1;
  const folder = part.slice(0, slash);
  const relations = new Map<string, Relation>();
  await parts.parse(`${folder}_rels/${part.slice(slash)}.rels`, {
    open(name, tag) {
      if (name !== "Relationship" || tag.get("TargetMode") === "External") return;
      const type = tag.get("Type") ?? "";
      const target = resolved(folder, tag.get("Target") ?? "");
      relations.set(tag.get("Id") ?? "", {
        type: type.slice(type.lastIndexOf("/") + 1),
        target,
      });
    },
    close() {},
  });
  return relations;
}

/** The name of a part from a target, which is absolute or relative to a folder. */
function resolved(folder: string, target: string): string {
  const path = target.replaceAll("\\", "/");
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : folder + path).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "." && name !== "") names.push(name);
  }
  return names.join("/");
}

function keyOf(part: string): string {
  return part.replaceAll("\\", "/").replace(/^\/+/, "").toLowerCase();
}

/** A boolean of XML Schema. */
export function isTrue(text: string | null): boolean {
  return text === "1" || text === "true";
}
