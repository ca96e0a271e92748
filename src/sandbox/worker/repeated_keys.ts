import { Failure } from "../../base/failure.ts";
import type { TableSpec, Value } from "../../batch/column.ts";
import { withCommas } from "../formats/contract.ts";
import { KeyHash } from "./key_hash.ts";
import { KeyTable, NEW_KEY, NO_OWNER } from "./key_table.ts";
import { RowFault } from "./table_buffer.ts";

/** Length of a row id, and of its part that is the same for all records of a file. */
const ROW_ID_CHARS = 36;
const FILE_PART_CHARS = 24;
const MAX_VALUE_CHARS = 60;
const MAX_KEY_CHARS = 200;

/** A row and the index of its table. */
export type TableRow = readonly [table: number, values: readonly Value[]];

interface RepeatedKeysOptions {
  /** Lower-case hex of the file. */
  sha256: string;
  /** The first id of a record, for its part that all records share. */
  rowId: string;
  /** Maximum memory for the keys of all tables, in bytes. */
  maxBytes: number;
  /** Names a record's position: "line 2". */
  placeOf: (position: number) => string;
}

interface TrackedTable {
  spec: TableSpec;
  /** The indexes of the key columns. */
  key: number[];
  policy: "replace" | "reject" | "fail";
  keys: KeyTable;
}

/**
 * Finds keys that repeat within a file, by their hashes. A record counts as replaced if later records
 * of the file have replaced all of its rows.
 */
export class RepeatedKeys {
  readonly #tables: TrackedTable[];
  readonly #options: RepeatedKeysOptions;
  readonly #hash: KeyHash;
  readonly #filePart: string;
  /** For each record with several rows, the number of those that are not replaced. */
  #rowsLeft: Uint32Array | null = null;
  #records = 0;
  #bytes = 0;
  /** Rows since the keys were forgotten, and whether they ever were. */
  #rows = 0;
  #forgotAfter = 0;
  /** How many records were replaced, and by which record first. */
  #replaced = 0;
  #first = "";

  constructor(tables: readonly TableSpec[], options: RepeatedKeysOptions) {
    this.#options = options;
    this.#hash = new KeyHash(options.sha256);
    this.#filePart = options.rowId.slice(0, FILE_PART_CHARS);
    this.#tables = tables.map((spec) => {
      const names = spec.columns.map((column) => column.name);
      const key = [...spec.partitionKey, ...spec.clusteringKey].map((name) => names.indexOf(name));
      const keys = new KeyTable();
      const policy = spec.repeatedKeys ?? "replace";
      if (policy !== "replace") keys.keepOwners();
      return { spec, key, policy, keys };
    });
    for (const { keys } of this.#tables) this.#bytes += keys.bytes;
  }

  /** Remarks: records that were replaced, and that not all keys of the file were compared. */
  notices(): string[] {
    const texts: string[] = [];
    const count = this.#replaced;
    if (count > 0) {
      const records = count === 1 ? "1 record was" : `${withCommas(count)} records were`;
      texts.push(
        `${records} replaced by later records with the same key; the first: ${this.#first}`,
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
   * Takes the only row of a record.
   *
   * @param position of the record in the file
   * @returns how many earlier records it has replaced
   * @throws {RowFault} if the key repeats and the table rejects that; nothing is taken
   * @throws {Failure} `repeated-key`, `too-many-keys`
   */
  one(table: number, values: readonly Value[], position: number): number {
    const tracked = this.#tables[table]!;
    if (this.#hasOwnId(values, tracked.key, position)) return 0;
    this.#hash.of(values, tracked.key);
    if (tracked.policy !== "replace") {
      this.#refuseRepeated(tracked, values, position);
      this.#put(tracked, position);
      return 0;
    }
    const owner = this.#put(tracked, NO_OWNER);
    if (owner === NEW_KEY) return 0;
    return this.#replace(owner, tracked, values, position);
  }

  /** Takes the rows of a record, all or none; otherwise like {@link one}. */
  many(rows: readonly TableRow[], position: number): number {
    if (rows.length === 1) return this.one(rows[0]![0], rows[0]![1], position);
    this.#checkAll(rows, position);
    const record = this.#startRecord(rows.length);
    let replaced = 0;
    for (const [table, values] of rows) {
      const tracked = this.#tables[table]!;
      this.#hash.of(values, tracked.key);
      if (tracked.policy !== "replace") {
        this.#put(tracked, position);
        continue;
      }
      const owner = this.#put(tracked, record);
      // Of two rows with the same key in one record, the record keeps the last one.
      if (owner !== NEW_KEY) replaced += this.#replace(owner, tracked, values, position);
    }
    return replaced;
  }

  /** Refuses a record before any of its keys is taken. */
  #checkAll(rows: readonly TableRow[], position: number): void {
    let own: Set<string> | null = null;
    for (const [table, values] of rows) {
      const tracked = this.#tables[table]!;
      if (tracked.policy === "replace") continue;
      this.#hash.of(values, tracked.key);
      this.#refuseRepeated(tracked, values, position);
      own ??= new Set();
      const key = `${table} ${this.#hash.high} ${this.#hash.low}`;
      if (own.has(key)) this.#refuse(tracked, values, position, position);
      own.add(key);
    }
  }

  /** Whether the key contains the record's own id, which no other record has. */
  #hasOwnId(values: readonly Value[], key: readonly number[], position: number): boolean {
    for (let c = 0; c < key.length; c++) {
      const value = values[key[c]!];
      if (
        typeof value === "string" && value.length === ROW_ID_CHARS &&
        value.startsWith(this.#filePart) && parseInt(value.slice(FILE_PART_CHARS), 16) === position
      ) return true;
    }
    return false;
  }

  #put({ keys, policy }: TrackedTable, owner: number): number {
    const { high, low } = this.#hash;
    const growth = keys.growth(high);
    if (growth > 0) this.#makeRoom(keys, growth, high, policy);
    this.#rows++;
    return keys.put(high, low, owner);
  }

  #makeRoom(keys: KeyTable, growth: number, high: number, policy: TrackedTable["policy"]): void {
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
    this.#bytes = this.#rowsLeft?.byteLength ?? 0;
    for (const table of this.#tables) this.#bytes += table.keys.bytes;
  }

  /** Numbers a record with several rows. */
  #startRecord(rows: number): number {
    if (this.#rowsLeft === null) {
      this.#rowsLeft = new Uint32Array(1024);
      for (const { keys } of this.#tables) {
        this.#bytes -= keys.bytes;
        keys.keepOwners();
        this.#bytes += keys.bytes;
      }
    }
    const record = this.#records++;
    if (record >= this.#rowsLeft.length) {
      const longer = new Uint32Array(this.#rowsLeft.length * 2);
      longer.set(this.#rowsLeft);
      this.#bytes += this.#rowsLeft.byteLength;
      this.#rowsLeft = longer;
    }
    this.#rowsLeft[record] = rows;
    return record;
  }

  /** Takes a row from its owner. @returns 1 if the owner, a record, has no other */
  #replace(
    owner: number,
    table: TrackedTable,
    values: readonly Value[],
    position: number,
  ): 0 | 1 {
    if (owner !== NO_OWNER && --this.#rowsLeft![owner]! > 0) return 0;
    if (this.#replaced++ === 0) {
      this.#first = `${keyText(table, values)}, again on ${this.#options.placeOf(position)}`;
    }
    return 1;
  }

  #refuseRepeated(table: TrackedTable, values: readonly Value[], position: number): void {
    const first = table.keys.get(this.#hash.high, this.#hash.low);
    if (first !== NEW_KEY) this.#refuse(table, values, position, first);
  }

  #refuse(table: TrackedTable, values: readonly Value[], position: number, first: number): never {
    const { spec, policy } = table;
    const key = keyText(table, values);
    const { placeOf } = this.#options;
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
      hint:
        'Remove one of the records, or set `repeatedKeys: "replace"` or "reject" in the module.',
    });
  }
}

/** `station=9, day=2024-03-01` */
function keyText({ spec, key }: TrackedTable, values: readonly Value[]): string {
  const parts = key.map((c) => {
    const value = values[c]!;
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
