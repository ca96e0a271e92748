import {
  type Collection,
  INTEGER_LIMITS,
  physicalOf,
  type ScalarType,
} from "../../../batch/column.ts";
import { NUMBER_CELLS, TEXT_CELLS, type TextCell } from "./cells.ts";
import { type CqlBytes, wrong } from "./cql_bytes.ts";

/**
 * Maximum bytes of a collection for each byte of its text. The worst case is a double with one digit:
 * `1,` becomes a length of four bytes and a value of eight.
 */
export const COLLECTION_GROWTH = 8;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Converts the JSON of a collection (see `physicalOf`) to the protocol's form: a count and the elements. */
export function collectionCell({ kind, elements }: Collection): TextCell {
  const writers = elements.map(elementWriter);
  const width = writers.length;
  return (bytes, start, end, out) => {
    const items = parsed(bytes.subarray(start, end) as Uint8Array<ArrayBuffer>);
    out.int(items.length);
    for (const item of items) {
      const parts = width === 1 ? [item] : item;
      if (!Array.isArray(parts) || parts.length !== width) wrong(`a ${kind}`);
      for (let i = 0; i < width; i++) writers[i]!((parts as unknown[])[i], out);
    }
  };
}

function parsed(bytes: Uint8Array<ArrayBuffer>): unknown[] {
  let items: unknown;
  try {
    items = JSON.parse(decoder.decode(bytes));
  } catch {
    return wrong("JSON");
  }
  return Array.isArray(items) ? items : wrong("a JSON array");
}

function elementWriter(type: ScalarType): (value: unknown, out: CqlBytes) => void {
  if (physicalOf(type) === "number") {
    const write = NUMBER_CELLS[type]!;
    return (value, out) => write(numberOf(value, type), out);
  }
  const write = TEXT_CELLS[type]!;
  return (value, out) => {
    const bytes = type === "blob" ? blobOf(value) : encoder.encode(textOf(value, type));
    const at = out.at;
    out.at = at + 4;
    write(bytes, 0, bytes.length, out);
    out.view.setInt32(at, out.at - at - 4);
  };
}

function numberOf(value: unknown, type: ScalarType): number {
  if (type === "boolean") return typeof value === "boolean" ? Number(value) : wrong("a boolean");
  if (typeof value !== "number") return wrong("a number");
  const limits = INTEGER_LIMITS[type];
  const isInteger = limits === undefined ||
    (Number.isInteger(value) && value >= limits[0] && value <= limits[1]);
  return isInteger ? value : wrong(`of type ${type}`);
}

function textOf(value: unknown, type: ScalarType): string {
  return typeof value === "string" ? value : wrong(`of type ${type}`);
}

function blobOf(value: unknown): Uint8Array {
  const [, hex] = /^0x((?:[0-9a-f]{2})*)$/.exec(String(value)) ?? [];
  return hex === undefined ? wrong("a blob") : Uint8Array.fromHex(hex);
}
