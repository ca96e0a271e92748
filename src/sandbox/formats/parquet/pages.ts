import type { PageHeader } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { crc32 } from "node:zlib";
import { Dictionary } from "./dictionary.ts";
import { badChecksum } from "./failures.ts";
import { decodePage, type LeafSchema, type Page, unpacked } from "./page.ts";
import type { Convert } from "./value.ts";

/** A column of one row group. */
export interface ColumnChunk extends LeafSchema {
  /** The whole file. */
  file: Uint8Array;
  /** The column's name with those of the groups around it, for messages. */
  name: string;
  /** The number of its first row in the file, for messages. */
  startRow: number;
}

/** Reads the pages of a column one by one, and verifies their checksums if they have any. */
export class PageReader {
  readonly #chunk: ColumnChunk;
  readonly #convert: Convert;
  readonly #reader: { view: DataView; offset: number };
  /** Values that follow, as the metadata says. */
  #left: number;
  #row: number;
  #dictionary: Dictionary | null = null;

  /** @param convert converts the values of a dictionary */
  constructor(chunk: ColumnChunk, convert: Convert) {
    const { file, metadata } = chunk;
    this.#chunk = chunk;
    this.#convert = convert;
    this.#row = chunk.startRow;
    this.#left = Number(metadata.num_values);
    const { dictionary_page_offset: dictionary, data_page_offset: data } = metadata;
    // Some writers store a zero instead of leaving it out.
    const start = Number(dictionary && dictionary < data ? dictionary : data);
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    this.#reader = { view, offset: start };
  }

  /** The converted value to which a page of positions refers; undefined if there is none. */
  dictionaryValue(position: number): unknown {
    return this.#dictionary?.at(position);
  }

  /** The next page with values; null after the last one. */
  next(): Page | null {
    while (this.#left > 0) {
      const header = parquetHeader(this.#reader);
      const bytes = this.#bytes(header);
      // Readers must ignore kinds of pages that they do not know.
      if (header.type === "DICTIONARY_PAGE") this.#readDictionary(header, bytes);
      const page = decodePage(header, bytes, this.#chunk);
      if (page === null || page.count === 0) continue;
      this.#left -= page.count;
      this.#row += page.count;
      if (this.#left < 0) throw new Error(`column "${this.#chunk.name}" has too many values`);
      return page;
    }
    return null;
  }

  /** The page's own copy of its bytes, so that values do not keep the file alive. */
  #bytes({ compressed_page_size: size, crc }: PageHeader): Uint8Array<ArrayBuffer> {
    const { view, offset } = this.#reader;
    if (!(size >= 0) || offset + size > view.byteLength) {
      throw new Error(`a page of column "${this.#chunk.name}" is cut short`);
    }
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, size).slice();
    this.#reader.offset += size;
    if (crc !== undefined && crc32(bytes) !== crc >>> 0) {
      throw badChecksum(this.#chunk.name, this.#row);
    }
    return bytes;
  }

  #readDictionary(header: PageHeader, bytes: Uint8Array): void {
    const { path, metadata } = this.#chunk;
    const count = header.dictionary_page_header?.num_values ?? 0;
    const page = unpacked(bytes, header.uncompressed_page_size, metadata);
    this.#dictionary = new Dictionary(page, count, path.at(-1)!.element, this.#convert);
  }
}
