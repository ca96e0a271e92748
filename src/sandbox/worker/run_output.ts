import { Failure } from "../../base/failure.ts";
import type { RejectView, RowCounts } from "../../protocol/file_view.ts";
import type { Cell, TableSpec } from "../../batch/column.ts";
import type { WrittenNumbers } from "../../sdk/values/written_numbers.ts";
import type { FromWorker } from "../wire/messages.ts";
import { MAX_NOTICES } from "../wire/notice_limits.ts";
import type { RepeatedKeys } from "./repeated_keys.ts";
import { RowFault, TableBuffer } from "./table_buffer.ts";

/** Maximum length of a reject's reason, in characters. */
const MAX_REASON_CHARS = 500;
/** One more than are reported shows that some are left out. */
const MAX_KEPT_NOTICES = MAX_NOTICES + 1;
const MAX_REJECTS_IN_MESSAGE = 500;
/** Batches underway to the host before a reader that has the whole file in memory waits. */
const MAX_BATCHES_UNDERWAY = 4;

/** The results of a file's records. */
export type RunCounts = RowCounts;

export type Post = (message: FromWorker, transfer?: Transferable[]) => void;

/** Collects and counts the results of a file's records: batches of rows, and rejects. */
export class RunOutput {
  readonly rows: RunCounts = {
    read: 0,
    stored: 0,
    replaced: 0,
    rejected: 0,
    skipped: 0,
    written: 0,
  };
  readonly #tables = new Map<string, TableBuffer>();
  readonly #keys: RepeatedKeys;
  readonly #post: Post;
  /** Notices, each with the archive's entries that it is about. */
  readonly #notices = new Map<string, Set<string>>();
  #rejects: RejectView[] = [];
  #underway = 0;
  #resume: (() => void) | null = null;

  /** @param reader builds a function that reads a row's columns, in the given order */
  constructor(
    tables: readonly TableSpec[],
    reader: (columns: string[], table: TableSpec) => (row: object) => unknown[],
    keys: RepeatedKeys,
    post: Post,
  ) {
    this.#keys = keys;
    this.#post = post;
    tables.forEach((spec, index) => {
      const read = reader(spec.columns.map((column) => column.name), spec);
      this.#tables.set(spec.name, new TableBuffer(index, spec, read));
    });
  }

  /**
   * Stores all rows of a record or none: every row is checked before the first is stored.
   *
   * @param position of the record in the file: the number in its row id
   * @param numbers the numbers of the record as its file writes them
   * @throws {RowFault}
   */
  keep(result: unknown, position: number, numbers?: WrittenNumbers): void {
    const names = tableNames(result);
    const rows = result as Record<string, unknown>;
    if (names.length === 1) return this.#keepOne(names[0]!, rows, position, numbers);
    const kept: [TableBuffer, Cell[]][] = [];
    for (const name of names) this.#convert(name, rows[name], kept, numbers);
    this.#add(kept, position);
  }

  /**
   * Stores a row of the only table, from the values of its columns.
   * @throws {RowFault}
   */
  keepValues(values: unknown[], position: number, numbers?: WrittenNumbers): void {
    const [table] = this.#tables.values();
    this.#store(table!, table!.convertValues(values, numbers), position);
  }

  skip(records = 1): void {
    this.rows.read += records;
    this.rows.skipped += records;
  }

  /** Keeps a reject of a record that was counted as read; it counts once for each of its lines. */
  reject(reject: RejectView): void {
    const { lines = 1 } = reject;
    this.rows.read += lines - 1;
    this.rows.rejected += lines;
    const reason = reject.reason.slice(0, MAX_REASON_CHARS);
    const column = typeof reject.column === "string" ? reject.column.slice(0, 100) : reject.column;
    const { line, raw } = reject;
    this.#rejects.push({ line, column, reason, raw, ...(lines > 1 && { lines }) });
    if (this.#rejects.length >= MAX_REJECTS_IN_MESSAGE) this.flushRejects();
  }

  /** Keeps a remark about the file, or about one entry of an archive. */
  notice(text: string, entry: string | null): void {
    const entries = this.#notices.get(text) ?? new Set();
    if (this.#notices.size >= MAX_KEPT_NOTICES && !this.#notices.has(text)) return;
    if (entry !== null) entries.add(entry);
    this.#notices.set(text, entries);
  }

  /** Posts the notices; once, at the end of the file. */
  flushNotices(): void {
    for (const text of this.#keys.notices()) this.notice(text, null);
    if (this.#notices.size === 0) return;
    this.#post({ type: "notices", texts: noticeTexts(this.#notices) });
    this.#notices.clear();
  }

  flushRejects(): void {
    if (this.#rejects.length === 0) return;
    this.#post({ type: "rejects", json: JSON.stringify(this.#rejects) });
    this.#rejects = [];
  }

  /** Posts the remaining rows. */
  flushRows(): void {
    for (const table of this.#tables.values()) this.#flush(table);
  }

  /** A batch was sent: the host has room for another. */
  sent(): void {
    this.#underway--;
    this.#resume?.();
  }

  /** Waits while too many batches are underway. */
  async room(): Promise<void> {
    while (this.#underway >= MAX_BATCHES_UNDERWAY) {
      await new Promise<void>((resolve) => this.#resume = resolve);
    }
  }

  /** The fast path: one row of one table, as most records have. */
  #keepOne(
    name: string,
    result: Record<string, unknown>,
    position: number,
    numbers: WrittenNumbers | undefined,
  ): void {
    const output = result[name];
    if (typeof output !== "object" || output === null || Array.isArray(output)) {
      const kept: [TableBuffer, Cell[]][] = [];
      this.#convert(name, output, kept, numbers);
      return this.#add(kept, position);
    }
    const table = this.#tableOf(name);
    this.#store(table, table.convert(output, numbers), position);
  }

  #store(table: TableBuffer, values: Cell[], position: number): void {
    const owner = this.#keys.ownerOfOne(table.index, values, position);
    this.rows.stored++;
    this.rows.written++;
    if (table.add(values, owner, position)) this.#flush(table);
  }

  #convert(
    name: string,
    output: unknown,
    kept: [TableBuffer, Cell[]][],
    numbers: WrittenNumbers | undefined,
  ): void {
    const table = this.#tableOf(name);
    if (output === null || output === undefined) return;
    if (Array.isArray(output)) {
      for (const row of output) kept.push([table, table.convert(row, numbers)]);
    } else kept.push([table, table.convert(output, numbers)]);
  }

  #add(kept: [TableBuffer, Cell[]][], position: number): void {
    if (kept.length === 0) return void this.rows.skipped++;
    const rows = kept.map(([table, values]) => [table.index, values] as const);
    const owners = this.#keys.ownersOf(rows, position);
    this.rows.stored++;
    this.rows.written += kept.length;
    kept.forEach(([table, values], i) => {
      if (table.add(values, owners[i]!, position)) this.#flush(table);
    });
  }

  #tableOf(name: string): TableBuffer {
    const table = this.#tables.get(name);
    if (!table) {
      throw new RowFault(`the module declares no table "${name.slice(0, 100)}" that it may write`);
    }
    return table;
  }

  #flush(table: TableBuffer): void {
    const batch = table.take();
    if (!batch) return;
    const replaced = this.#keys.replacedBy(table.index, batch);
    this.rows.replaced += replaced;
    this.rows.stored -= replaced;
    this.#underway++;
    this.#post({ type: "batch", bytes: batch.bytes }, [batch.bytes.buffer]);
  }
}

function noticeTexts(notices: Map<string, Set<string>>): string[] {
  const texts = [...notices].map(([text, entries]) => {
    const [first, ...others] = entries;
    if (first === undefined) return text;
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    return `${JSON.stringify(first.slice(0, 100))}${more}: ${text}`;
  });
  if (texts.length <= MAX_NOTICES) return texts;
  return [...texts.slice(0, MAX_NOTICES - 1), "there are more notices"];
}

function tableNames(result: unknown): string[] {
  if (typeof result !== "object" || result === null) {
    throw new RowFault("row did not return an object of rows by table");
  }
  if (result instanceof Promise) {
    const text = "Cannot use the module: `row` returned a promise but is not async";
    throw new Failure("refused", "module-async", text, {
      hint: "Declare it as `async row(record, ctx)`.",
    });
  }
  return Object.keys(result);
}
