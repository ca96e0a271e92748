import type { ColumnMetaData, PageHeader, SchemaTree } from "hyparquet";
import { decompressPage } from "hyparquet/src/datapage.js";
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from "hyparquet/src/delta.js";
import { byteStreamSplit, readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { readPlain } from "hyparquet/src/plain.js";
import { compressors } from "hyparquet-compressors";

/** A column's schema from the root to the column, its levels, and how its pages are stored. */
export interface LeafSchema {
  path: readonly SchemaTree[];
  metadata: ColumnMetaData;
  /** The definition level of a value that is not null. */
  maxDefinition: number;
  maxRepetition: number;
}

/** A page of values as they are stored. */
export interface Page {
  /** Their number, nulls and empty lists included. */
  count: number;
  /** Per value; null if the column has no such levels. */
  definitionLevels: Uint8Array | null;
  repetitionLevels: Uint8Array | null;
  /** Returns the next value that is not null, or its position in the dictionary. */
  next: () => unknown;
  isDictionary: boolean;
}

interface Reader {
  view: DataView;
  offset: number;
}

/**
 * Decodes a data page. In memory are typed arrays and the page's bytes: an object for each value of
 * each column would need several times as much.
 *
 * @returns null for other kinds of pages
 */
export function decodePage(header: PageHeader, bytes: Uint8Array, leaf: LeafSchema): Page | null {
  if (header.type === "DATA_PAGE") return decodeV1(header, bytes, leaf);
  return header.type === "DATA_PAGE_V2" ? decodeV2(header, bytes, leaf) : null;
}

/** Decompresses the bytes of a page. */
export function unpacked(bytes: Uint8Array, size: number, { codec }: ColumnMetaData): Uint8Array {
  return decompressPage(bytes, size, codec, compressors);
}

export function readerOf(bytes: Uint8Array): Reader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

function decodeV1(header: PageHeader, bytes: Uint8Array, leaf: LeafSchema): Page {
  const { data_page_header: v1, uncompressed_page_size: size } = header;
  if (v1 === undefined) throw new Error("a page has no header");
  const { num_values: count, encoding } = v1;
  // Old files name another encoding for levels that they do not have.
  const { maxDefinition, maxRepetition } = leaf;
  if (maxDefinition > 0) checkLevels(v1.definition_level_encoding);
  if (maxRepetition > 0) checkLevels(v1.repetition_level_encoding);
  const reader = readerOf(unpacked(bytes, size, leaf.metadata));
  const repetitionLevels = levels(reader, maxRepetition, count);
  const definitionLevels = levels(reader, maxDefinition, count);
  const values = count - nulls(definitionLevels, maxDefinition);
  const next = valuesOf(reader, encoding, values, leaf);
  return { count, definitionLevels, repetitionLevels, next, isDictionary: isDictionary(encoding) };
}

function decodeV2(header: PageHeader, bytes: Uint8Array, leaf: LeafSchema): Page {
  const { data_page_header_v2: v2, uncompressed_page_size: size } = header;
  if (v2 === undefined) throw new Error("a page has no header");
  const { num_values: count, encoding } = v2;
  const { repetition_levels_byte_length: first, definition_levels_byte_length: second } = v2;
  const reader = readerOf(bytes);
  const repetitionLevels = levels(reader, leaf.maxRepetition, count, first);
  reader.offset = first;
  const definitionLevels = levels(reader, leaf.maxDefinition, count, second);
  const packed = bytes.subarray(first + second);
  const left = size - first - second;
  // A page of nulls may have no bytes, which is not a valid compressed stream.
  const isPlain = v2.is_compressed === false || left === 0;
  const values = count - nulls(definitionLevels, leaf.maxDefinition);
  const content = readerOf(isPlain ? packed : unpacked(packed, left, leaf.metadata));
  const next = valuesOf(content, encoding, values, leaf);
  return { count, definitionLevels, repetitionLevels, next, isDictionary: isDictionary(encoding) };
}

function checkLevels(encoding: string): void {
  if (encoding !== "RLE") throw unsupported(encoding);
}

/** @param length the length of the levels; without it, it stands before them */
function levels(reader: Reader, max: number, count: number, length?: number): Uint8Array | null {
  if (max === 0) return null;
  const found = new Uint8Array(count);
  readRleBitPackedHybrid(reader, bitWidth(max), found, length);
  return found;
}

function nulls(definitionLevels: Uint8Array | null, max: number): number {
  let found = 0;
  for (const level of definitionLevels ?? []) if (level < max) found++;
  return found;
}

function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

function isDictionary(encoding: string): boolean {
  return encoding.endsWith("_DICTIONARY");
}

function valuesOf(
  reader: Reader,
  encoding: string,
  count: number,
  { path, metadata: { type } }: LeafSchema,
): () => unknown {
  if (count === 0) return none;
  const width = path.at(-1)!.element.type_length;
  switch (encoding) {
    case "PLAIN":
      if (type === "BYTE_ARRAY") return plainBytes(reader);
      if (type === "FIXED_LEN_BYTE_ARRAY") return plainBytes(reader, width ?? 0);
      return eachOf(readPlain(reader, type, count, width));
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      return eachOf(positions(reader, count));
    case "RLE": {
      if (type !== "BOOLEAN") throw unsupported(encoding);
      const bits = new Uint8Array(count);
      readRleBitPackedHybrid(reader, 1, bits);
      const next = eachOf(bits);
      return () => next() === 1;
    }
    case "BYTE_STREAM_SPLIT":
      return eachOf(byteStreamSplit(reader, count, type, width));
    case "DELTA_BINARY_PACKED": {
      const values = type === "INT32" ? new Int32Array(count) : new BigInt64Array(count);
      deltaBinaryUnpack(reader, count, values);
      return eachOf(values);
    }
    case "DELTA_LENGTH_BYTE_ARRAY":
    case "DELTA_BYTE_ARRAY": {
      const values: Uint8Array[] = [];
      if (encoding === "DELTA_BYTE_ARRAY") deltaByteArray(reader, count, values);
      else deltaLengthByteArray(reader, count, values);
      return eachOf(values);
    }
    default:
      throw unsupported(encoding);
  }
}

/** Positions in the dictionary; their width is in the first byte. */
function positions(reader: Reader, count: number): Int32Array {
  const width = reader.view.getUint8(reader.offset++);
  const found = new Int32Array(count);
  if (width > 32) throw new Error(`positions in a dictionary have ${width} bits`);
  if (width > 0) {
    readRleBitPackedHybrid(reader, width, found, reader.view.byteLength - reader.offset);
  }
  return found;
}

/** @param width the length of all values; without it, each is preceded by its own */
function plainBytes(reader: Reader, width?: number): () => Uint8Array {
  const { view } = reader;
  return () => {
    const length = width ?? view.getUint32(reader.offset, true);
    const start = reader.offset + (width === undefined ? 4 : 0);
    if (start + length > view.byteLength) throw new Error("a page is cut short");
    reader.offset = start + length;
    return new Uint8Array(view.buffer, view.byteOffset + start, length);
  };
}

function eachOf(values: ArrayLike<unknown>): () => unknown {
  let at = 0;
  return () => values[at++];
}

function none(): undefined {
  return undefined;
}

function unsupported(encoding: string): Error {
  return new Error(`the encoding ${encoding} is not supported`);
}
