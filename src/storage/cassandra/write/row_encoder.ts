import { bad } from "../../../batch/batch_bytes.ts";
import { collectionOf, type ScalarType, type TableSpec } from "../../../batch/column.ts";
import type { BatchView, ColumnView } from "../../../batch/view_batch.ts";
import { keyOf } from "../../table_rules.ts";
import { CELL_ROOM, NUMBER_CELLS, TEXT_CELLS } from "./cells.ts";
import { COLLECTION_GROWTH, collectionCell } from "./encode_collection.ts";
import { CqlBytes, WrongValue } from "./cql_bytes.ts";

/** Bytes of the count of values, which precedes the first value of a row. */
export const COUNT_BYTES = 2;
/** The length of a null, which deletes the value of an earlier row. */
const NULL = -1;
const MAX_KEY_BYTES = 65_535;

/** Rows as in a BATCH request, after the query's id: `bytes[starts[r] .. starts[r + 1]]`. */
export interface EncodedRows {
  rows: number;
  bytes: Uint8Array;
  starts: Uint32Array;
  /** Where the values of the partition key and of the whole key end; keys come first. */
  partitionEnds: Uint32Array;
  keyEnds: Uint32Array;
}

/** A table's columns in the order of encoded rows: key columns first. */
export function keyFirst(table: TableSpec): string[] {
  const key = keyOf(table);
  return [...key, ...table.columns.map(({ name }) => name).filter((name) => !key.includes(name))];
}

/** Encodes the columns of batches as rows of CQL values; one for each table of a load. */
export class RowEncoder {
  /** The indexes of the declared columns, in the order of {@link keyFirst}. */
  readonly #order: number[];
  readonly #table: TableSpec;
  readonly #partitionColumns: number;
  readonly #keyColumns: number;
  readonly #out = new CqlBytes();
  readonly #names: string[];
  #rows = 0;
  #starts = new Uint32Array(1);
  #partitionEnds = new Uint32Array(0);
  #keyEnds = new Uint32Array(0);

  constructor(table: TableSpec) {
    this.#table = table;
    this.#names = keyFirst(table);
    this.#order = this.#names.map((name) =>
      table.columns.findIndex((column) => column.name === name)
    );
    this.#partitionColumns = table.partitionKey.length;
    this.#keyColumns = table.partitionKey.length + table.clusteringKey.length;
  }

  /** Bytes of the rows that were added but not taken. */
  get length(): number {
    return this.#starts[this.#rows]!;
  }

  /**
   * Encodes the rows of a batch after those that were added before.
   * @throws {BadBatch} with the column whose value does not have its type
   */
  add(view: BatchView): void {
    const out = this.#out;
    if (this.#rows === 0) out.clear();
    out.reserve(roomFor(view, this.#table));
    this.#reserve(this.#rows + view.rows);
    const cells = this.#order.map((c) =>
      cellWriter(view.columns[c]!, this.#table.columns[c]!.type)
    );
    let c = 0;
    try {
      for (let r = 0, to = this.#rows; r < view.rows; r++, to++) {
        out.short(cells.length);
        for (c = 0; c < cells.length; c++) {
          if (!cells[c]!(r, out)) out.int(NULL);
          if (c === this.#partitionColumns - 1) this.#partitionEnds[to] = out.at;
          if (c === this.#keyColumns - 1) this.#keyEnds[to] = out.at;
        }
        this.#starts[to + 1] = out.at;
        this.#checkKey(
          this.#starts[to]! + COUNT_BYTES,
          this.#partitionEnds[to]!,
          this.#keyEnds[to]!,
        );
      }
    } catch (error) {
      if (error instanceof WrongValue) throw bad(this.#names[c]!, error.message);
      throw error;
    }
    this.#rows += view.rows;
  }

  /** Returns and removes all rows. The next {@link add} overwrites them. */
  take(): EncodedRows {
    const rows = this.#rows;
    this.#rows = 0;
    return {
      rows,
      bytes: this.#out.bytes,
      starts: this.#starts.subarray(0, rows + 1),
      partitionEnds: this.#partitionEnds.subarray(0, rows),
      keyEnds: this.#keyEnds.subarray(0, rows),
    };
  }

  #reserve(rows: number): void {
    if (rows <= this.#keyEnds.length) return;
    const size = Math.max(rows, this.#keyEnds.length * 2);
    this.#starts = grown(this.#starts, size + 1);
    this.#partitionEnds = grown(this.#partitionEnds, size);
    this.#keyEnds = grown(this.#keyEnds, size);
  }

  /** Checks the key, because the server would refuse the whole request without naming the column. */
  #checkKey(start: number, partitionEnd: number, keyEnd: number): void {
    const isEmpty = this.#partitionColumns === 1 && partitionEnd === start + 4;
    if (isEmpty) throw bad(this.#names[0]!, "a partition key is empty");
    if (partitionEnd - start > MAX_KEY_BYTES || keyEnd - partitionEnd > MAX_KEY_BYTES) {
      throw bad(this.#names[0]!, `a key has more than ${MAX_KEY_BYTES} bytes`);
    }
  }
}

function grown(from: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}

/** Writes the value of one column in a row; returns false if it is null. */
type CellWriter = (row: number, out: CqlBytes) => boolean;

function cellWriter(view: ColumnView, type: TableSpec["columns"][number]["type"]): CellWriter {
  if (view.physical === "number") {
    const write = NUMBER_CELLS[type as ScalarType]!;
    return (row, out) => {
      const value = view.values[row]!;
      if (value === null) return false;
      write(value, out);
      return true;
    };
  }
  const collection = collectionOf(type);
  const write = collection === null ? TEXT_CELLS[type as ScalarType]! : collectionCell(collection);
  const { bytes, starts, nulls } = view;
  return (row, out) => {
    if (nulls !== null && nulls[row] === 1) return false;
    const at = out.at;
    out.at = at + 4;
    write(bytes, starts[row]!, starts[row + 1]!, out);
    out.view.setInt32(at, out.at - at - 4);
    return true;
  };
}

function roomFor({ rows, columns }: BatchView, table: TableSpec): number {
  let room = rows * (2 + columns.length * (4 + CELL_ROOM));
  for (const [c, column] of columns.entries()) {
    if (column.physical === "number") continue;
    const isCollection = collectionOf(table.columns[c]!.type) !== null;
    room += column.bytes.length * (isCollection ? COLLECTION_GROWTH : 1);
  }
  return room;
}
