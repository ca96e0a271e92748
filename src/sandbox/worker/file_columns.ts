import type { DeclaredFormat } from "../wire/declaration.ts";
import type { ColumnContract, NameIndex, Resolved } from "./column_contract.ts";
import { type FileOfColumns, ignoredNotice } from "./column_failures.ts";

/** Different lists of keys for which a plan is kept. */
const MAX_SHAPES = 64;
/** Different keys that are collected. Records with more are not rows but maps of something. */
const MAX_KEYS = 10_000;

/** A file, or an entry of an archive. */
export interface OpenedFile {
  format: DeclaredFormat;
  /** The name of the entry; null outside archives. */
  entry: string | null;
  /** Receives remarks about the file. */
  notice(text: string): void;
}

/** Turns a reader's record, of fields or an object, into what the module needs. */
export type Plan = (record: unknown[] | Record<string, unknown>) => unknown;

/**
 * Makes a plan for records that all have the same names.
 *
 * @param keyOf the key of a column in the reader's record, by its name in the file
 * @param isRare whether the plan is for one record only
 */
export type MakePlan = (
  resolved: Resolved,
  keyOf: (name: string) => string | number,
  isRare: boolean,
) => Plan;

/**
 * The columns of one file: compares its names with the module's, and turns its records into what the
 * module needs. Most formats have all names in a header. Of others they are only known at the end,
 * because every record may have other keys.
 */
export class FileColumns {
  readonly #opened: OpenedFile;
  readonly #contract: ColumnContract;
  readonly #makePlan: MakePlan;
  readonly #names = new Set<string>();
  /** Names that the module does not read. */
  readonly #ignored = new Set<string>();
  /** Plans for objects by their keys. */
  readonly #plans = new Map<string, Plan>();
  #keys: readonly string[] | null = null;
  #plan: Plan | null = null;
  #isComplete = false;
  #hasMoreNames = false;
  #index: NameIndex | null = null;

  constructor(opened: OpenedFile, contract: ColumnContract, makePlan: MakePlan) {
    this.#opened = opened;
    this.#contract = contract;
    this.#makePlan = makePlan;
  }

  /** Whether all names of the file are known. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The file with the names that are known so far. */
  get file(): FileOfColumns {
    const { format, entry } = this.#opened;
    return { format, entry, names: [...this.#names] };
  }

  /** Whether the file, so far, has a column of this name, or too many to know. */
  has(name: string): boolean {
    return this.#hasMoreNames || this.#names.has(name);
  }

  /** The names of the file, so far, that fit a name that `row` reads. */
  fitting(name: string): string[] {
    this.#index ??= this.#contract.index([...this.#names]);
    return this.#contract.fitting(this.#contract.spellingsOf(name), this.#index);
  }

  /**
   * Chooses the columns that have to be decoded, of all that the file has.
   * @throws {Failure} as {@link header}
   */
  wants(names: readonly string[]): readonly string[] {
    this.#complete(names);
    if (this.#contract.wanted === null) return names;
    const { columns } = this.#contract.resolve(this.file);
    return [...new Set(columns.map(({ name }) => name))];
  }

  /**
   * Takes the file's column names; again, if records have further columns.
   * @throws {Failure} `column-missing`, `column-ambiguous`, `column-new`
   */
  header(names: readonly string[]): void {
    if (!this.#isComplete || names.length > this.#names.size) this.#complete(names);
    this.#plan = this.#planOfFields(names);
  }

  /** A record of a format with columns. */
  ofFields(fields: unknown[]): unknown {
    if (this.#plan === null || fields.length !== this.#names.size) this.#fit(fields);
    return this.#plan!(fields);
  }

  /**
   * A record that is an object.
   * @throws {Failure} `column-ambiguous`, `column-new`
   */
  ofObject(value: Record<string, unknown>): unknown {
    const keys = Object.keys(value);
    if (this.#keys === null || !areSame(keys, this.#keys)) {
      this.#plan = this.#planOfKeys(keys);
      this.#keys = keys;
    }
    return this.#plan!(value);
  }

  /**
   * Ends the file.
   * @throws {Failure} `column-missing` if no record had a name that the module declares
   */
  end(): void {
    const isKnown = this.#names.size > 0 && !this.#hasMoreNames;
    if (!this.#isComplete && isKnown) this.#contract.requireAll(this.file);
    if (this.#ignored.size > 0) this.#opened.notice(ignoredNotice([...this.#ignored]));
  }

  #complete(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
    this.#index = null;
    this.#contract.requireAll(this.file);
    this.#ignore(this.#contract.resolve(this.file));
    this.#isComplete = true;
  }

  /** Without a header, a row may have more cells than those before it, or fewer. */
  #fit(fields: unknown[]): void {
    if (this.#isComplete) return;
    while (fields.length < this.#names.size) fields.push(null);
    if (this.#plan !== null && fields.length === this.#names.size) return;
    const names = fields.map((_, i) => String(i + 1));
    for (const name of names) this.#names.add(name);
    this.#index = null;
    this.#plan = this.#planOfFields(names);
  }

  #planOfFields(names: readonly string[]): Plan {
    const positions = new Map(names.map((name, i) => [name, i]));
    const resolved = this.#contract.resolve({ ...this.#opened, names });
    return this.#makePlan(resolved, (name) => positions.get(name)!, false);
  }

  #planOfKeys(keys: readonly string[]): Plan {
    const id = JSON.stringify(keys);
    const known = this.#plans.get(id);
    if (known !== undefined) return known;
    this.#collect(keys);
    const resolved = this.#contract.resolve({ ...this.#opened, names: keys });
    this.#ignore(resolved);
    const isRare = this.#plans.size >= MAX_SHAPES;
    const plan = this.#makePlan(resolved, (name) => name, isRare);
    if (!isRare) this.#plans.set(id, plan);
    return plan;
  }

  #collect(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#names.has(key)) continue;
      if (this.#names.size < MAX_KEYS) {
        this.#names.add(key);
        this.#index = null;
      } else this.#hasMoreNames = true;
    }
  }

  #ignore({ ignored }: Resolved): void {
    for (const name of ignored) if (this.#ignored.size < MAX_KEYS) this.#ignored.add(name);
  }
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
