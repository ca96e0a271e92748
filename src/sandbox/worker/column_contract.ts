import type { NameOptions } from "../../sdk/file_format.ts";
import type { ColumnSpec } from "../../batch/column.ts";
import { foldedName } from "../formats/column_names.ts";
import type { DeclaredFormat } from "../wire/declaration.ts";
import {
  ambiguousColumns,
  type FileOfColumns,
  missingColumns,
  newColumns,
} from "./column_failures.ts";

/** A name that a module reads, and how files may spell it. */
export interface WantedColumn {
  /** The key in the module's records, or the column of its table. */
  key: string;
  /** What the module calls the column of the file. Several names mean: exactly one of them. */
  names: readonly string[];
  /** The names, and their aliases. */
  spellings: readonly string[];
  /** Whether files may lack it. */
  optional: boolean;
}

/** A column of the file, as the module sees it. */
interface FoundColumn {
  key: string;
  /** The name in the file. */
  name: string;
}

/** Which columns of a file the module reads. */
export interface Resolved {
  /** For each wanted column its name in the file, or null. */
  found: (string | null)[];
  /** The columns of the module's records. */
  columns: FoundColumn[];
  /** Columns of the file that the module does not read. */
  ignored: string[];
}

/** What a module expects of the column names of its files. */
export class ColumnContract {
  /** The names that the module declares; null if only its `row` knows them. */
  readonly wanted: readonly WantedColumn[] | null;
  readonly #isLoose: boolean;
  readonly #aliased: readonly WantedColumn[];
  readonly #optional: ReadonlySet<string>;
  readonly #refusesNew: boolean;

  /** @param columns the columns of the table that a module without `row` fills; null if it has one */
  constructor(format: DeclaredFormat, columns: readonly ColumnSpec[] | null) {
    const options: NameOptions = format.options;
    const { aliases = {}, optional = [], match = "exact", newColumns = "ignore" } = options;
    const spellings = (names: readonly string[]) =>
      names.flatMap((name) => [name, ...[aliases[name] ?? []].flat()]);
    const column = (key: string, names: readonly string[], isOptional: boolean): WantedColumn => {
      return { key, names, spellings: spellings(names), optional: isOptional };
    };
    this.#isLoose = match === "loose";
    this.#optional = new Set(optional);
    this.#refusesNew = newColumns === "refuse";
    const isOptional = (name: string) => this.#optional.has(name);
    this.#aliased = Object.keys(aliases).map((name) => column(name, [name], true));
    if (columns !== null) {
      this.wanted = columns.filter(({ options }) => options?.value === undefined).map((spec) => {
        const names = [spec.options?.from ?? spec.name].flat();
        return column(spec.name, names, spec.options?.optional ?? names.some(isOptional));
      });
    } else if (options.columns !== undefined) {
      const names = new Set([...options.columns, ...optional]);
      this.wanted = [...names].map((name) => column(name, [name], isOptional(name)));
    } else this.wanted = null;
  }

  /** Whether files may lack a name that the module reads. */
  isOptional(name: string): boolean {
    return this.#optional.has(name);
  }

  /** What files may call a name that `row` reads. */
  spellingsOf(name: string): readonly string[] {
    return this.#aliased.find(({ key }) => key === name)?.spellings ?? [name];
  }

  /** Indexes the names of a file for {@link fitting}. */
  index(names: readonly string[]): NameIndex {
    return Map.groupBy(names, (name) => this.#keyOf(name));
  }

  /** The names of a file that fit one of the spellings. */
  fitting(spellings: readonly string[], index: NameIndex): string[] {
    const found = spellings.flatMap((each) => index.get(this.#keyOf(each)) ?? []);
    return found.length < 2 ? found : [...new Set(found)];
  }

  /**
   * Finds the module's columns among the names of a file, or of one of its records.
   *
   * @throws {Failure} `column-ambiguous` if a name fits several columns, `column-new` if the module
   * allows no others
   */
  resolve(file: FileOfColumns): Resolved {
    const { names } = file;
    const index = this.index(names);
    const declared = this.wanted ?? this.#aliased;
    const found = declared.map(({ key, spellings }) => {
      const fitting = this.fitting(spellings, index);
      if (fitting.length > 1) throw ambiguousColumns(fitting, key, file);
      return fitting[0] ?? null;
    });
    const used = new Map<string, string>();
    declared.forEach(({ key }, i) => used.set(found[i] ?? "", key));
    const others = names.filter((name) => !used.has(name));
    if (this.wanted === null) {
      this.#refuseSimilar(others, file);
      const columns = names.map((name) => ({ key: used.get(name) ?? name, name }));
      return { found, columns, ignored: [] };
    }
    if (others.length > 0 && this.#refusesNew) throw newColumns(others, file);
    const columns = declared.flatMap(({ key }, i) => {
      const name = found[i] ?? null;
      return name === null ? [] : [{ key, name }];
    });
    return { found, columns, ignored: others };
  }

  /** @throws {Failure} `column-missing` if no name of the file fits a column that is not optional */
  requireAll(file: FileOfColumns): void {
    const index = this.index(file.names);
    const missing = (this.wanted ?? []).filter(({ optional, spellings }) =>
      !optional && this.fitting(spellings, index).length === 0
    );
    if (missing.length > 0) throw missingColumns(missing.map(({ names }) => names), file);
  }

  #keyOf(name: string): string {
    return this.#isLoose ? foldedName(name) : name;
  }

  /** With loose matching, names that only differ in case and blanks are ambiguous. */
  #refuseSimilar(names: readonly string[], file: FileOfColumns): void {
    if (!this.#isLoose) return;
    for (const same of this.index(names).values()) {
      if (same.length > 1) throw ambiguousColumns(same, same[0]!, file);
    }
  }
}

/** The names of a file by what is compared of them. */
export type NameIndex = ReadonlyMap<string, readonly string[]>;
