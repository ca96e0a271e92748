import type { TableSpec } from "../../batch/column.ts";
import type { Realm } from "./compartment.ts";
import type { ColumnContract } from "./column_contract.ts";
import { missingColumns, undeclaredColumns } from "./column_failures.ts";
import { FileColumns, type MakePlan, type OpenedFile } from "./file_columns.ts";
import { MISSING, ReadNames } from "./read_names.ts";

/** Names that `row` reads and that the records so far lack. */
const MAX_PENDING = 1_000;

/** Turns the records of one file into what a module works on. */
export interface ModuleRecords {
  readonly columns: FileColumns;
  /** @throws {Failure} `column-missing`, `column-undeclared` if `row` has read such a name */
  check(): void;
  /** Ends the file. @throws {Failure} `column-missing` */
  end(): void;
}

/** Records for `row`: objects that notice which names it reads. */
export class RowRecords implements ModuleRecords {
  readonly columns: FileColumns;
  readonly #contract: ColumnContract;
  readonly #reads = new ReadNames((name, record) => this.#read(name, record));
  /** Names that no record had when `row` read them; another record may have them. */
  readonly #pending = new Set<string>();

  constructor(opened: OpenedFile, contract: ColumnContract, realm: Realm) {
    const makePlan: MakePlan = ({ columns }, keyOf, isRare) => {
      const fields = columns.map(({ key, name }) => ({ key, from: keyOf(name) }));
      return realm.recordMaker(fields, this.#reads.prototype, isRare);
    };
    this.#contract = contract;
    this.columns = new FileColumns(opened, contract, makePlan);
  }

  check(): void {
    if (this.#reads.missing.size > 0) throw this.#failure([...this.#reads.missing]);
  }

  end(): void {
    this.columns.end();
    const missing = [...this.#pending].filter((name) => this.#isMissing(name));
    if (missing.length > 0) throw this.#failure(missing);
  }

  /** The value of a name that a record lacks. */
  #read(name: string, record: unknown): unknown {
    if (this.#contract.isOptional(name)) return undefined;
    for (const other of this.columns.fitting(name)) {
      if (Object.hasOwn(record as object, other)) return (record as Record<string, unknown>)[other];
    }
    if (this.columns.isComplete) return MISSING;
    if (this.#pending.size < MAX_PENDING) this.#pending.add(name);
    return undefined;
  }

  #isMissing(name: string): boolean {
    return !this.columns.has(name) && this.columns.fitting(name).length === 0;
  }

  #failure(names: readonly string[]) {
    const { file } = this.columns;
    const missing = names.filter((name) => !this.columns.has(name));
    if (missing.length === 0) return undeclaredColumns(names, file);
    return missingColumns(missing.map((name) => [name]), file);
  }
}

/** What a column without a value in the file is filled with. */
export type RecordFacts = Record<"rowId" | "line" | "fileName" | "entryName", unknown>;

/** The values of a table's columns, for a module without `row`. */
export class TableRecords implements ModuleRecords {
  readonly columns: FileColumns;

  /** @param facts about the current record */
  constructor(
    opened: OpenedFile,
    contract: ColumnContract,
    table: TableSpec,
    facts: RecordFacts,
  ) {
    const makePlan: MakePlan = ({ found }, keyOf) => {
      const names = found.values();
      const sources = table.columns.map(({ options }) => {
        if (options?.value !== undefined) return { fact: options.value, key: null };
        const name = names.next().value ?? null;
        return { fact: null, key: name === null ? null : keyOf(name) };
      });
      // An empty cell is as blank as an empty field of CSV; only the latter is text.
      const isBlank = opened.format.kind === "xlsx" ? null : undefined;
      return (record) => {
        const values: unknown[] = [];
        for (const { fact, key } of sources) {
          const value = key !== null
            ? (record as Record<string | number, unknown>)[key]
            : fact === null
            ? undefined
            : facts[fact];
          values.push(value === isBlank ? undefined : value);
        }
        return values;
      };
    };
    this.columns = new FileColumns(opened, contract, makePlan);
  }

  check(): void {}

  end(): void {
    this.columns.end();
  }
}
