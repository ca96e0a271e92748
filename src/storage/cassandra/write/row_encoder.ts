import { bad } from "../../../rows/batch_bytes.ts";
import { collectionOf, type ScalarType, type TableSpec } from "../../../rows/column.ts";
import type { BatchView, ColumnView } from "../../../rows/view_batch.ts";
import { CELL_ROOM, NUMBER_CELLS, TEXT_CELLS } from "./cells.ts";
import { COLLECTION_GROWTH, collectionCell } from "./encode_collection.ts";
import { CqlBytes } from "./cql_bytes.ts";
import { WrongValue } from "./wrong_value.ts";

/** In place of a length; it deletes what an earlier row may have left there. */
const NULL = -1;
const MAX_KEY_BYTES = 65_535;

/** Rows as they stand in a BATCH request, behind the query's id: `bytes[starts[r] .. starts[r + 1]]`. */
export interface EncodedRows {
  rows: number;
  bytes: Uint8Array;
  starts: Uint32Array;
  /** Where in a row the values of the partition key and of the whole key end; keys come first. */
  partitionEnds: Uint32Array;
  keyEnds: Uint32Array;
  /** The count of values, which is two bytes before the first. */
  keyOffset: number;
}

/** A table's columns in the order of a row's values: those of the key come first. */
export function keyFirst(table: TableSpec): string[] {
  const key = [...table.partitionKey, ...table.clusteringKey];
  return [...key, ...table.columns.map(({ name }) => name).filter((name) => !key.includes(name))];
}

/** Turns the columns of a batch into rows of CQL values; made once for each table of a load. */
export class RowEncoder {
  /** Of the declaration's columns, in the order of {@link keyFirst}. */
  readonly #order: number[];
  readonly #table: TableSpec;
  readonly #partitionColumns: number;
  readonly #keyColumns: number;
  readonly #out = new CqlBytes();
  readonly #names: string[];

  constructor(table: TableSpec) {
    this.#table = table;
    this.#names = keyFirst(table);
    this.#order = this.#names.map((name) =>
      table.columns.findIndex((column) => column.name === name)
    );
    this.#partitionColumns = table.partitionKey.length;
    this.#keyColumns = table.partitionKey.length + table.clusteringKey.length;
  }

  /**
   * Encodes a batch. What it returns is overwritten by the next call.
   * @throws {BadBatch} with the column whose value is not what its type asks for
   */
  encode(view: BatchView): EncodedRows {
    const { rows } = view;
    const out = this.#out;
    out.clear();
    out.reserve(roomFor(view, this.#table));
    const starts = new Uint32Array(rows + 1);
    const partitionEnds = new Uint32Array(rows);
    const keyEnds = new Uint32Array(rows);
    const cells = this.#order.map((c) =>
      cellWriter(view.columns[c]!, this.#table.columns[c]!.type)
    );
    let c = 0;
    try {
      for (let r = 0; r < rows; r++) {
        out.short(cells.length);
        for (c = 0; c < cells.length; c++) {
          if (!cells[c]!(r, out)) out.int(NULL);
          if (c === this.#partitionColumns - 1) partitionEnds[r] = out.at;
          if (c === this.#keyColumns - 1) keyEnds[r] = out.at;
        }
        starts[r + 1] = out.at;
        this.#checkKey(starts[r]! + 2, partitionEnds[r]!, keyEnds[r]!);
      }
    } catch (thrown) {
      if (thrown instanceof WrongValue) throw bad(this.#names[c]!, thrown.message);
      throw thrown;
    }
    return { rows, bytes: out.bytes, starts, partitionEnds, keyEnds, keyOffset: 2 };
  }

  /** What the server would refuse with the whole request is refused here, by name. */
  #checkKey(start: number, partitionEnd: number, keyEnd: number): void {
    const isEmpty = this.#partitionColumns === 1 && partitionEnd === start + 4;
    if (isEmpty) throw bad(this.#names[0]!, "a partition key is empty");
    if (partitionEnd - start > MAX_KEY_BYTES || keyEnd - partitionEnd > MAX_KEY_BYTES) {
      throw bad(this.#names[0]!, `a key has more than ${MAX_KEY_BYTES} bytes`);
    }
  }
}

/** Writes the value of one column in a row; false where it is null. */
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
