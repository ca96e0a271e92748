import { Failure } from "../../base/failure.ts";
import { encodeBatch } from "../../batch/batch.ts";
import type { Cell, TableSpec } from "../../batch/column.ts";
import { keyHashes } from "../../batch/key_hashes.ts";
import { withCommas } from "../formats/contract.ts";
import { rowIds } from "../wire/row_id.ts";
import { KeyTable, NEW_KEY, NO_OWNER } from "./key_table.ts";
import { RowFault, type TakenBatch } from "./table_buffer.ts";

/** The owner of a key that need not be compared with those of later rows. */
const UNIQUE = -3;
/** Length of a row id, and of its part that is the same for all records of a file. */
const ROW_ID_CHARS = 36;
const FILE_PART_CHARS = 24;
/** Rows after which a table whose keys have contained no row id is expected to have none. */
const ROWS_WITHOUT_ID = 100;
const MAX_VALUE_CHARS = 60;
const MAX_KEY_CHARS = 200;

/** A row and the index of its table. */
export type TableRow = readonly [table: number, values: readonly Cell[]];

interface RepeatedKeysOptions {
  /** Lower-case hex of the file. */
  sha256: string;
  /** Maximum memory for the keys of all tables, in bytes. */
  maxBytes: number;
  /** Names a record's position: "line 2". */
  placeOf: (position: number) => string;
}

interface TrackedTable {
  spec: TableSpec;
  /** The indexes of the key columns, and a table of them alone. */
  key: number[];
  keySpec: TableSpec;
  policy: "replace" | "reject" | "fail";
  keys: KeyTable;
  /** Rows that were checked for a row id in vain; infinite once one was found. */
  withoutId: number;
}

/**
 * Finds keys that repeat within a file, by their hashes. A record counts as replaced if later records
 * of the file have replaced all of its rows, or were merged with them.
 *
 * Where a repeated key is not an error, keys are compared batch by batch, which is faster: a row gets
 * the owner of its key at first (a record, if it has several rows), and {@link replacedBy} counts.
 */
export class RepeatedKeys {
  readonly #specs: readonly TableSpec[];
  readonly #tables: TrackedTable[];
  readonly #options: RepeatedKeysOptions;
  readonly #seed: readonly [number, number];
  readonly #filePart: string;
  /** For each record with several rows, the number of those that are not replaced. */
  #rowsLeft: Uint32Array | null = null;
  #records = 0;
  #bytes = 0;
  /** Rows since the keys were forgotten, and how many there were when that happened first. */
  #rows = 0;
  #forgotAfter = 0;
  /** How many records were replaced, and by which record first. */
  #replaced = 0;
  #first = "";

  constructor(tables: readonly TableSpec[], options: RepeatedKeysOptions) {
    this.#specs = tables;
    this.#options = options;
    const half = (from: number) => parseInt(options.sha256.slice(from, from + 8), 16) | 0;
    this.#seed = [half(0), half(8)];
    this.#filePart = rowIds(options.sha256)(0).slice(0, FILE_PART_CHARS);
    this.#tables = tables.map((spec) => {
      const names = spec.columns.map((column) => column.name);
      const key = [...spec.partitionKey, ...spec.clusteringKey].map((name) => names.indexOf(name));
      const keys = new KeyTable();
      const policy = spec.repeatedKeys ?? "replace";
      if (policy !== "replace") keys.keepOwners();
      const keySpec = { ...spec, columns: key.map((c) => spec.columns[c]!) };
      return { spec, key, keySpec, policy, keys, withoutId: 0 };
    });
    this.#countBytes();
  }

  /** Remarks: records that were replaced, and that not all keys of the file were compared. */
  notices(): string[] {
    const texts: string[] = [];
    const count = this.#replaced;
    if (count > 0) {
      const records = count === 1 ? "1 record was" : `${withCommas(count)} records were`;
      const merged = this.#specs.every(({ onConflict }) => onConflict === "merge");
      texts.push(
        `${records} ${merged ? "merged into" : "replaced by"} later records with the same key; ` +
          `the first: ${this.#first}`,
      );
    }
    if (this.#forgotAfter > 0) {
      const rows = withCommas(this.#forgotAfter);
      texts.push(
        `keys that repeat were counted only within each ${rows} rows; ` +
          "a higher memoryMb in tenant.json lets more rows be compared",
      );
    }
    return texts;
  }

  /**
   * The owner of the key of a record's only row.
   *
   * @param position of the record in the file
   * @throws {RowFault} if the key repeats and the table rejects that
   * @throws {Failure} `repeated-key`, `too-many-keys`
   */
  ownerOfOne(table: number, values: readonly Cell[], position: number): number {
    const tracked = this.#tables[table]!;
    if (this.#hasOwnId(tracked, values, position)) return UNIQUE;
    if (tracked.policy === "replace") return NO_OWNER;
    const hash = this.#hashOf(tracked, values);
    this.#refuseRepeated(tracked, values, position, hash);
    this.#takeStrict(tracked, position, hash);
    return UNIQUE;
  }

  /** The owners of the keys of a record's rows. If it throws, it has taken none of the keys. */
  ownersOf(rows: readonly TableRow[], position: number): number[] {
    if (rows.length === 1) return [this.ownerOfOne(rows[0]![0], rows[0]![1], position)];
    const hashes = this.#strictHashes(rows, position);
    const record = hashes.includes(null) ? this.#startRecord(rows.length) : UNIQUE;
    return rows.map(([table], i) => {
      const hash = hashes[i];
      if (!hash) return record;
      this.#takeStrict(this.#tables[table]!, position, hash);
      return UNIQUE;
    });
  }

  /** How many records have lost their last row to one of this batch. */
  replacedBy(table: number, { bytes, columns, owners, positions }: TakenBatch): number {
    const tracked = this.#tables[table]!;
    if (tracked.policy !== "replace" || owners.every((owner) => owner === UNIQUE)) return 0;
    const { keys } = tracked;
    const halves = keyHashes(bytes, this.#specs, this.#seed);
    let replaced = 0;
    for (let r = 0; r < owners.length; r++) {
      const owner = owners[r]!;
      if (owner === UNIQUE) continue;
      const high = halves[r * 2]!;
      if (keys.isFull(high)) this.#makeRoom(tracked, high);
      this.#rows++;
      const before = keys.put(high, halves[r * 2 + 1]!, owner);
      // Of two rows with the same key in one record, the record keeps the last one.
      if (before === NEW_KEY || before !== NO_OWNER && this.#keepsRows(before)) continue;
      replaced++;
      if (this.#replaced++ > 0) continue;
      const key = keyText(tracked, columns.map((column) => column[r]!));
      this.#first = `${key}, again on ${this.#options.placeOf(positions[r]!)}`;
    }
    return replaced;
  }

  /** Takes one row from a record with several. @returns whether it has others */
  #keepsRows(record: number): boolean {
    return --this.#rowsLeft![record]! > 0;
  }

  /** Whether the key contains the record's own id, which no other record has. */
  #hasOwnId(table: TrackedTable, values: readonly Cell[], position: number): boolean {
    if (table.withoutId > ROWS_WITHOUT_ID && table.withoutId < Infinity) return false;
    for (const c of table.key) {
      const value = values[c];
      const isOwn = typeof value === "string" && value.length === ROW_ID_CHARS &&
        value.startsWith(this.#filePart) && parseInt(value.slice(FILE_PART_CHARS), 16) === position;
      if (!isOwn) continue;
      table.withoutId = Infinity;
      return true;
    }
    table.withoutId++;
    return false;
  }

  /** Checks the rows for strict tables. @returns their hashes; null for rows of other tables */
  #strictHashes(rows: readonly TableRow[], position: number): (Uint32Array | null)[] {
    const own = new Set<string>();
    return rows.map(([table, values]) => {
      const tracked = this.#tables[table]!;
      if (tracked.policy === "replace") return null;
      const hash = this.#hashOf(tracked, values);
      this.#refuseRepeated(tracked, values, position, hash);
      const name = `${table} ${hash}`;
      if (own.has(name)) refuse(tracked, values, position, position, this.#options.placeOf);
      own.add(name);
      return hash;
    });
  }

  /** The two halves of one key's hash. */
  #hashOf({ key, keySpec }: TrackedTable, values: readonly Cell[]): Uint32Array {
    const batch = encodeBatch(0, keySpec, key.map((c) => [values[c]!]), 1);
    return keyHashes(batch, [keySpec], this.#seed);
  }

  #takeStrict(table: TrackedTable, position: number, hash: Uint32Array): void {
    if (table.keys.isFull(hash[0]!)) this.#makeRoom(table, hash[0]!);
    this.#rows++;
    table.keys.put(hash[0]!, hash[1]!, position);
  }

  #refuseRepeated(
    table: TrackedTable,
    values: readonly Cell[],
    position: number,
    hash: Uint32Array,
  ): void {
    const first = table.keys.get(hash[0]!, hash[1]!);
    if (first !== NEW_KEY) refuse(table, values, position, first, this.#options.placeOf);
  }

  #makeRoom({ keys, policy }: TrackedTable, high: number): void {
    const growth = keys.growth(high);
    if (this.#bytes + growth <= this.#options.maxBytes) {
      keys.grow(high);
      this.#bytes += growth;
      return;
    }
    if (policy !== "replace") throw tooManyKeys(this.#rows);
    // An exact count would need more memory, so it is a lower bound, which the notice says.
    if (this.#forgotAfter === 0) this.#forgotAfter = this.#rows;
    this.#rows = 0;
    for (const table of this.#tables) if (table.policy === "replace") table.keys.clear();
    this.#countBytes();
  }

  #countBytes(): void {
    this.#bytes = this.#rowsLeft?.byteLength ?? 0;
    for (const { keys } of this.#tables) this.#bytes += keys.bytes;
  }

  /** Numbers a record with several rows. */
  #startRecord(rows: number): number {
    if (this.#rowsLeft === null) {
      this.#rowsLeft = new Uint32Array(1024);
      for (const { keys } of this.#tables) keys.keepOwners();
      this.#countBytes();
    }
    const record = this.#records++;
    if (record >= this.#rowsLeft.length) {
      const longer = new Uint32Array(this.#rowsLeft.length * 2);
      longer.set(this.#rowsLeft);
      this.#rowsLeft = longer;
      this.#countBytes();
    }
    this.#rowsLeft[record] = rows;
    return record;
  }
}

/** @param first the position of the record that has the key already */
function refuse(
  table: TrackedTable,
  values: readonly Cell[],
  position: number,
  first: number,
  placeOf: RepeatedKeysOptions["placeOf"],
): never {
  const { spec, policy } = table;
  const key = keyText(table, values);
  if (policy === "reject") {
    throw new RowFault(
      first === position
        ? `the record has two rows with the key ${key}`
        : `the key ${key} was already on ${placeOf(first)}`,
      spec.columns[table.key[0]!]!.name,
    );
  }
  const text = `Cannot load the file: the key ${key} of table "${spec.name}" is on ` +
    `${placeOf(first)} and again on ${placeOf(position)}`;
  throw new Failure("refused", "repeated-key", text, {
    hint: 'Remove one of the records, or set `repeatedKeys: "replace"` or "reject" in the module.',
  });
}

/** `station=9, day=2024-03-01` */
function keyText({ spec, key }: TrackedTable, values: readonly Cell[]): string {
  const parts = key.map((c) => {
    const value = values[c];
    const text = value instanceof Uint8Array ? `0x${value.toHex()}` : String(value);
    return `${spec.columns[c]!.name}=${cut(text, MAX_VALUE_CHARS)}`;
  });
  return cut(parts.join(", "), MAX_KEY_CHARS);
}

function cut(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text;
}

function tooManyKeys(rows: number): Failure {
  const text = `Cannot compare the keys of the file: those of ${
    withCommas(rows)
  } rows fill the memory for them`;
  return new Failure("refused", "too-many-keys", text, {
    hint: 'Raise memoryMb in tenant.json, or set `repeatedKeys: "replace"` in the module.',
  });
}
