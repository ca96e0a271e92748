import { bad } from "../../../batch/batch_bytes.ts";
import { collectionOf, type ScalarType, type TableSpec } from "../../../batch/column.ts";
import { ABSENT, type BatchView, type ColumnView, NULL } from "../../../batch/view_batch.ts";
import { MAX_KEY_BYTES, PARTITION_PART_BYTES } from "../../../batch/row_limits.ts";
import { keyOf } from "../../table_rules.ts";
import { CELL_ROOM, NUMBER_CELLS, TEXT_CELLS } from "./cells.ts";
import { COLLECTION_GROWTH, collectionCell } from "./encode_collection.ts";
import { CqlBytes, WrongValue } from "./cql_bytes.ts";
import { COUNT_BYTES, type EncodedRows, REPLACES } from "./encoded_rows.ts";
import { KeyIndex } from "./key_index.ts";

/** The length of a null, which leaves a tombstone. */
const NULL_LENGTH = -1;
/** The length of a value that is not set: nothing is written. */
export const UNSET_LENGTH = -2;
/** Bytes of the length of each value. */
const LENGTH_BYTES = 4;

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
    const merges = this.#table.onConflict === "merge";
    let c = 0;
    try {
      for (let r = 0, to = this.#rows; r < view.rows; r++, to++) {
        const start = out.at;
        let count = cells.length;
        out.short(count);
        for (c = 0; c < cells.length; c++) {
          const missing = cells[c]!(r, out);
          if (missing === NULL && !merges) count |= REPLACES;
          if (missing !== WRITTEN) out.int(missing === NULL && merges ? NULL_LENGTH : UNSET_LENGTH);
          if (c === this.#partitionColumns - 1) this.#partitionEnds[to] = out.at;
          if (c === this.#keyColumns - 1) this.#keyEnds[to] = out.at;
        }
        out.view.setUint16(start, count);
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

  /**
   * Returns and removes all rows; of those with the same key only the last one counts. The next
   * {@link add} overwrites them.
   */
  take(): EncodedRows {
    if (this.#table.onConflict === "merge") this.#mergeRepeated();
    const encoded = this.#encoded();
    this.#rows = 0;
    return encoded;
  }

  /** Appends a row for each row whose key has occurred before, with the values of both. */
  #mergeRepeated(): void {
    const encoded = this.#encoded();
    const index = new KeyIndex(encoded, encoded.keyEnds);
    /** By the first row with a key: the row with the values of all so far. */
    const merged = new Map<number, number>();
    for (let row = 0; row < encoded.rows; row++) {
      const first = index.firstOf(row);
      if (first === row) continue;
      merged.set(first, this.#appendMerged(merged.get(first) ?? first, row));
    }
  }

  /** @returns the index of the new row */
  #appendMerged(earlier: number, later: number): number {
    const to = this.#rows++;
    this.#reserve(this.#rows);
    const starts = this.#starts;
    const out = this.#out;
    out.reserve(starts[earlier + 1]! - starts[earlier]! + starts[later + 1]! - starts[later]!);
    this.#partitionEnds[to] = out.at + this.#partitionEnds[later]! - starts[later]!;
    this.#keyEnds[to] = out.at + this.#keyEnds[later]! - starts[later]!;
    out.copy(out.bytes, starts[later]!, this.#keyEnds[later]!);
    let from = this.#keyEnds[earlier]!;
    for (let at = this.#keyEnds[later]!; at < starts[later + 1]!;) {
      const end = cellEnd(out.view, at);
      const earlierEnd = cellEnd(out.view, from);
      if (out.view.getInt32(at) === UNSET_LENGTH) out.copy(out.bytes, from, earlierEnd);
      else out.copy(out.bytes, at, end);
      at = end;
      from = earlierEnd;
    }
    starts[to + 1] = out.at;
    return to;
  }

  #encoded(): EncodedRows {
    const rows = this.#rows;
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
    const parts = this.#partitionColumns;
    const clusteringParts = this.#keyColumns - parts;
    const partition = partitionEnd - start - parts * LENGTH_BYTES;
    const clustering = keyEnd - partitionEnd - clusteringParts * LENGTH_BYTES;
    if (parts === 1 && partition === 0) throw bad(this.#names[0]!, "a partition key is empty");
    const added = parts > 1 ? parts * PARTITION_PART_BYTES : 0;
    if (partition + added > MAX_KEY_BYTES || clustering > MAX_KEY_BYTES) {
      throw bad(this.#names[0]!, `a key has more than ${MAX_KEY_BYTES} bytes`);
    }
  }
}

/** Where a value with its length ends. */
function cellEnd(view: DataView, at: number): number {
  return at + 4 + Math.max(0, view.getInt32(at));
}

function grown(from: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}

/** What a {@link CellWriter} has found. */
const WRITTEN = 0;
/** Writes the value of one column in a row, unless it is {@link NULL} or {@link ABSENT}. */
type CellWriter = (row: number, out: CqlBytes) => typeof WRITTEN | typeof NULL | typeof ABSENT;

function cellWriter(view: ColumnView, type: TableSpec["columns"][number]["type"]): CellWriter {
  if (view.physical === "number") {
    const write = NUMBER_CELLS[type as ScalarType]!;
    return (row, out) => {
      const value = view.values[row];
      if (value === null) return NULL;
      if (value === undefined) return ABSENT;
      write(value, out);
      return WRITTEN;
    };
  }
  const collection = collectionOf(type);
  const write = collection === null ? TEXT_CELLS[type as ScalarType]! : collectionCell(collection);
  const { bytes, starts, nulls } = view;
  return (row, out) => {
    if (nulls !== null && nulls[row] !== 0) return nulls[row] === NULL ? NULL : ABSENT;
    const at = out.at;
    out.at = at + 4;
    write(bytes, starts[row]!, starts[row + 1]!, out);
    out.view.setInt32(at, out.at - at - 4);
    return WRITTEN;
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
