import { encodeBatch } from "../../batch/batch.ts";
import type { Cell, ColumnSpec, TableSpec } from "../../batch/column.ts";
import { rowLimits } from "../../batch/row_limits.ts";
import { isBlank } from "../../sdk/values/blank.ts";
import { show, ValueFault } from "../../sdk/values/value_fault.ts";
import type { WrittenNumbers } from "../../sdk/values/written_numbers.ts";
import { type Converter, converterOf } from "../../batch/convert.ts";

const MAX_BATCH_ROWS = 2_000;
/** Characters of text in a batch, which is about its size in bytes. */
const MAX_BATCH_CHARS = 512 * 1024;

/** A row cannot be stored; `column` is the column at fault, if it is known. */
export class RowFault extends Error {
  readonly column: string | null;

  constructor(message: string, column: string | null = null) {
    super(message);
    this.column = column;
  }
}

/** The rows of a table that fill a batch. */
export interface TakenBatch {
  /** The encoded batch. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The values that it encodes, by column. */
  columns: readonly (readonly Cell[])[];
  /** For each row, the owner of its key and the position of its record. */
  owners: readonly number[];
  positions: readonly number[];
}

/** Whether a value that is converted to null says nothing about its column, instead of emptying it. */
function isAbsent(value: unknown, { options }: ColumnSpec): boolean {
  return value === undefined || typeof value === "string" && isBlank(value, options);
}

/** Collects one table's rows, by column, until they fill a batch. */
export class TableBuffer {
  /** The table's index in the list of tables. */
  readonly index: number;
  readonly #spec: TableSpec;
  readonly #names: string[];
  readonly #converters: Converter[];
  /** For each column, its name and the names of the file's columns that it is filled from. */
  readonly #origins: string[][];
  readonly #keys: number[];
  readonly #limits: ReturnType<typeof rowLimits>;
  readonly #read: (row: object) => unknown[];
  #columns: Cell[][];
  #owners: number[] = [];
  #positions: number[] = [];
  #chars = 0;

  constructor(index: number, spec: TableSpec, read: (row: object) => unknown[]) {
    this.index = index;
    this.#spec = spec;
    this.#names = spec.columns.map((column) => column.name);
    this.#converters = spec.columns.map((column) => converterOf(column.type, column.options));
    this.#origins = spec.columns.map((
      { name, options },
    ) => [name, ...[options?.from ?? []].flat()]);
    this.#keys = [...spec.partitionKey, ...spec.clusteringKey].map((key) =>
      this.#names.indexOf(key)
    );
    this.#limits = rowLimits(spec);
    this.#read = read;
    this.#columns = this.#names.map(() => []);
  }

  /**
   * Converts what a module returned to a row's values, without storing them yet.
   *
   * @param numbers the numbers of the record as its file writes them
   * @throws {RowFault}
   */
  convert(row: unknown, numbers?: WrittenNumbers): Cell[] {
    if (typeof row !== "object" || row === null) {
      throw new RowFault(`a row of "${this.#spec.name}" is ${show(row)}, not an object`);
    }
    const values = this.#read(row);
    let given = 0;
    for (let i = 0; i < values.length; i++) if (values[i] !== undefined) given++;
    const converted = this.#convertAll(values, numbers);
    if (Object.keys(row).length !== given) this.#refuseUnknown(row);
    return this.#withKey(converted);
  }

  /**
   * Converts the values of all columns, in their order and in place, without storing them yet.
   * @throws {RowFault}
   */
  convertValues(values: unknown[], numbers?: WrittenNumbers): Cell[] {
    return this.#withKey(this.#convertAll(values, numbers));
  }

  #convertAll(values: unknown[], numbers: WrittenNumbers | undefined): Cell[] {
    for (let i = 0; i < values.length; i++) values[i] = this.#convertOne(i, values[i], numbers);
    return values as Cell[];
  }

  /** @throws {RowFault} if the key or the row cannot be stored */
  #withKey(values: Cell[]): Cell[] {
    for (const key of this.#keys) {
      if (values[key] === null || values[key] === undefined) {
        throw new RowFault("a key column is empty", this.#names[key]);
      }
    }
    const first = this.#keys[0]!;
    const only = this.#spec.partitionKey.length === 1 ? values[first]! : null;
    if (only !== null && typeof only !== "number" && only.length === 0) {
      throw new RowFault("a key column is empty", this.#names[first]);
    }
    const fault = this.#limits(values);
    if (fault !== null) throw new RowFault(fault.reason, fault.column);
    return values;
  }

  #convertOne(i: number, value: unknown, numbers: WrittenNumbers | undefined): Cell {
    try {
      const converted = this.#converters[i]!(value, numbers, this.#origins[i]);
      if (converted !== null || this.#spec.onConflict !== "merge") return converted;
      return isAbsent(value, this.#spec.columns[i]!) ? undefined : null;
    } catch (error) {
      if (error instanceof ValueFault) throw new RowFault(error.message, this.#names[i]);
      throw error;
    }
  }

  #refuseUnknown(row: object): void {
    for (const key of Object.keys(row)) {
      if (!this.#names.includes(key)) {
        throw new RowFault(`the table "${this.#spec.name}" has no such column`, key.slice(0, 100));
      }
    }
  }

  /**
   * Adds a row.
   *
   * @param owner the owner of its key, for `RepeatedKeys`
   * @param position of its record in the file
   * @returns true if the batch is full
   */
  add(values: readonly Cell[], owner: number, position: number): boolean {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      this.#columns[i]!.push(value);
      if (typeof value === "string" || value instanceof Uint8Array) this.#chars += value.length;
    }
    this.#owners.push(owner);
    this.#positions.push(position);
    return this.#owners.length >= MAX_BATCH_ROWS || this.#chars >= MAX_BATCH_CHARS;
  }

  /** Encodes the rows collected so far as one batch; null if there are none. */
  take(): TakenBatch | null {
    if (this.#owners.length === 0) return null;
    const taken = {
      bytes: encodeBatch(this.index, this.#spec, this.#columns, this.#owners.length),
      columns: this.#columns,
      owners: this.#owners,
      positions: this.#positions,
    };
    this.#columns = this.#names.map(() => []);
    this.#owners = [];
    this.#positions = [];
    this.#chars = 0;
    return taken;
  }
}
