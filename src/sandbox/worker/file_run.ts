import { Failure } from "../../base/failure.ts";
import type { RejectView } from "../../protocol/file_view.ts";
import { ColumnContract } from "./column_contract.ts";
import type { OpenedFile } from "./file_columns.ts";
import { type LoadedModule, placeText, type Realm } from "./compartment.ts";
import type { RecordSink } from "../formats/contract.ts";
import type { FileReader, OpenReader } from "../formats/record_reader.ts";
import { withEncoding } from "../wire/encoding_list.ts";
import type { TableSpec } from "../../batch/column.ts";
import type { HostResponse } from "../wire/host_messages.ts";
import { HostRequests } from "./host_requests.ts";
import {
  type ModuleRecords,
  type RecordFacts,
  RowRecords,
  TableRecords,
} from "./module_records.ts";
import type { IngestRequest } from "../wire/messages.ts";
import { expectsPlainAnswers } from "../wire/module_api.ts";
import type { WrittenNumbers } from "../../sdk/values/written_numbers.ts";
import { rowIds } from "../wire/row_id.ts";
import { RepeatedKeys } from "./repeated_keys.ts";
import { type Post, type RunCounts, RunOutput } from "./run_output.ts";
import { RowFault } from "./table_buffer.ts";
import { withLocalDates } from "../../batch/column.ts";
import { asInstance, safeMessage, valueReason } from "./thrown_values.ts";

/** Maximum length of a thrown message, without its position. */
const MAX_THROWN_CHARS = 300;
/** The 48 bits of a row id hold the file's number in its archive and the line within the file. */
const LINES_PER_ENTRY = 2 ** 36;

type Rejection = { reason: string; column: string | null };
type Entry = { name: string; number: number };

/** The record that a `ctx` belongs to. */
interface RecordState {
  line: number;
  /** Its number of lines, if the reader has moved on to another record. */
  lines?: number | undefined;
  entry: Entry | null;
  reject: Rejection | null;
}

/** A record whose `row` has not finished. */
interface WaitingRow {
  rows: Promise<unknown>;
  state: RecordState;
  /** The record's text, in case it is rejected. */
  raw: string;
  numbers: WrittenNumbers | undefined;
}

const ASYNC_FUNCTION = Object.getPrototypeOf(async () => {});
const REJECTED = Object.freeze({});

/** Runs one file through a module: bytes in, batches and rejects out. */
export class FileRun {
  readonly #realm: Realm;
  readonly #request: IngestRequest;
  readonly #openFormat: OpenReader;
  readonly #out: RunOutput;
  readonly #rowId: (line: number) => string;
  /** The record whose `row` is running. Records of an async `row` have a state each. */
  readonly #shared: RecordState = { line: 0, entry: null, reject: null };
  readonly #ctx: RecordFacts;
  readonly #requests: HostRequests;
  readonly #row: LoadedModule["row"];
  readonly #isAsync: boolean;
  readonly #contract: ColumnContract;
  /** Records whose async `row` is still waiting, in the order of the file. */
  #waiting: WaitingRow[] = [];
  #reader: FileReader | null = null;
  /** The records of the current file. */
  #records: ModuleRecords | null = null;
  #entry: Entry | null = null;
  readonly #entryNames: string[] = [];

  constructor(
    module: LoadedModule,
    realm: Realm,
    request: IngestRequest,
    openFormat: OpenReader,
    post: Post,
  ) {
    this.#row = module.row;
    this.#realm = realm;
    this.#request = request;
    this.#openFormat = openFormat;
    this.#rowId = rowIds(request.sha256);
    const keys = new RepeatedKeys(request.tables, {
      sha256: request.sha256,
      maxBytes: request.maxKeyBytes,
      placeOf: (position) => this.#placeOf(position),
    });
    const tables = request.format.kind === "xlsx" ? withLocalDates(request.tables) : request.tables;
    this.#out = new RunOutput(tables, (columns) => realm.fieldReader(columns), keys, post);
    this.#requests = new HostRequests(
      request.grants,
      expectsPlainAnswers(request.script),
      (request) => post({ type: "hostRequest", request }),
    );
    this.#isAsync = module.row !== undefined &&
      Object.getPrototypeOf(module.row) === ASYNC_FUNCTION;
    const table = module.row === undefined ? onlyTable(request) : null;
    this.#contract = new ColumnContract(request.format, table?.columns ?? null);
    this.#ctx = harden(this.#contextOf(this.#shared));
  }

  /** If this returns a promise, await it before the next call. */
  push(bytes: Uint8Array): void | Promise<void> {
    this.#reader ??= this.#openReader();
    const done = this.#reader.push(bytes);
    if (done || this.#waiting.length > 0) {
      return Promise.resolve(done).then(() => this.#settleWaiting());
    }
    this.#out.flushRejects();
  }

  /** Receives the host's response to a request of the module. */
  receive(response: HostResponse): void {
    this.#requests.settle(response);
  }

  /** Starts the next file of an archive. */
  async startEntry(name: string): Promise<void> {
    if (this.#entry) await this.#endReader();
    this.#entry = { name, number: (this.#entry?.number ?? -1) + 1 };
    this.#entryNames.push(name);
  }

  /** Ends the file. @returns the counts of its records */
  async end(): Promise<RunCounts> {
    await this.#endReader();
    this.#out.flushRows();
    this.#out.flushNotices();
    return this.#out.rows;
  }

  /** Posts the rejects found so far in a file that fails. @returns the number of records read */
  giveUp(): number {
    this.#out.flushRejects();
    this.#out.flushNotices();
    return this.#out.rows.read;
  }

  /** A batch was sent: the host has room for another. */
  sent(): void {
    this.#out.sent();
  }

  async #endReader(): Promise<void> {
    this.#reader ??= this.#openReader();
    await this.#reader.end();
    await this.#settleWaiting();
    this.#records?.end();
    this.#reader = null;
  }

  #openReader(): FileReader {
    const entry = this.#entry?.name ?? null;
    const notice = (text: string) => this.#out.notice(text, entry);
    const records = this.#openRecords({ format: this.#request.format, entry, notice });
    this.#records = records;
    const { columns } = records;
    const sink: RecordSink = {
      wants: (names) => columns.wants(names),
      header: (names) => columns.header(names),
      fields: (fields, line) => this.#record(columns.ofFields(fields), line),
      value: (value, line) => this.#record(columns.ofObject(value), line),
      fault: (fault) => {
        this.#out.rows.read++;
        this.#keepReject(fault);
      },
      skip: () => this.#out.skip(),
      notice,
    };
    const { maxRecordChars, maxWholeBytes, encodings } = this.#request;
    const encoding = encodings?.[this.#entry?.number ?? 0];
    const format = withEncoding(this.#request.format, encoding);
    const limits = { maxRecordChars, maxWholeBytes, room: () => this.#room() };
    return this.#openFormat(format, sink, limits);
  }

  async #room(): Promise<void> {
    await this.#settleWaiting();
    await this.#out.room();
  }

  #openRecords(file: OpenedFile): ModuleRecords {
    if (this.#row !== undefined) return new RowRecords(file, this.#contract, this.#realm);
    return new TableRecords(file, this.#contract, onlyTable(this.#request), this.#ctx);
  }

  /** The `ctx` that a module receives. */
  #contextOf(state: RecordState): RecordFacts & Record<string, unknown> {
    const rowIdOf = this.#rowId;
    const requests = this.#requests;
    const guarded = <T>(request: () => Promise<T>) => {
      return this.#hasAllColumns() ? request() : Promise.reject(new Error("a column is missing"));
    };
    return {
      get rowId() {
        return rowIdOf(positionOf(state));
      },
      get line() {
        return state.line;
      },
      get entryName() {
        return state.entry?.name ?? null;
      },
      fileName: this.#request.fileName,
      reject(reason: unknown, column?: unknown) {
        state.reject = {
          reason: typeof reason === "string" && reason !== "" ? reason : "rejected by the module",
          column: typeof column === "string" ? column : null,
        };
        return REJECTED;
      },
      lookup: (table: unknown, key: unknown) => guarded(() => requests.lookup(table, key)),
      fetch: (url: unknown, init?: unknown) => guarded(() => requests.fetch(url, init)),
      secret: (name: unknown) => requests.secret(name),
    };
  }

  #record(record: unknown, line: number): void {
    this.#out.rows.read++;
    if (this.#isAsync) return this.#call(record, line);
    const state = this.#shared;
    state.line = line;
    state.entry = this.#entry;
    state.reject = null;
    try {
      if (this.#row === undefined) {
        this.#out.keepValues(record as unknown[], positionOf(state), this.#reader?.numbers?.());
      } else this.#take(this.#row(record, this.#ctx), state);
    } catch (error) {
      this.#handleError(error, state);
    }
    if (this.#requests.fatal) throw this.#requests.fatal;
  }

  /** A record that lacks a column must not cause requests. */
  #hasAllColumns(): boolean {
    try {
      this.#records!.check();
      return true;
    } catch {
      return false;
    }
  }

  /** Starts a record's async `row`. Many wait at once, so that their requests go out together. */
  #call(record: unknown, line: number): void {
    const lines = this.#reader?.lines?.();
    const state: RecordState = { line, lines, entry: this.#entry, reject: null };
    const ctx = Object.freeze(this.#contextOf(state));
    const rows = Promise.resolve(this.#row!(record, ctx));
    // A rejection is handled when the record's turn comes.
    rows.catch(() => {});
    this.#records!.check();
    const [raw, numbers] = [this.#reader?.raw() ?? "", this.#reader?.numbers?.()];
    this.#waiting.push({ rows, state, raw, numbers });
  }

  /** Awaits and handles the results of waiting records, in the order of the file. */
  async #settleWaiting(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { rows, state, raw, numbers } of waiting) {
      try {
        this.#take(await rows, state, raw, numbers);
      } catch (error) {
        this.#handleError(error, state, raw);
      }
      if (this.#requests.fatal) throw this.#requests.fatal;
    }
    this.#out.flushRejects();
  }

  #take(
    result: unknown,
    state: RecordState,
    raw?: string,
    numbers: WrittenNumbers | undefined = this.#reader?.numbers?.(),
  ): void {
    this.#records!.check();
    if (state.reject !== null) this.#rejectRecord(state, state.reject, raw);
    else if (result === null || result === undefined) this.#out.rows.skipped++;
    else this.#out.keep(result, positionOf(state), numbers);
  }

  /** Names the record at a position: "line 2". */
  #placeOf(position: number): string {
    const entry = this.#entryNames[Math.floor(position / LINES_PER_ENTRY)];
    const line = `line ${position % LINES_PER_ENTRY}`;
    return entry === undefined ? line : `${line} of ${JSON.stringify(entry.slice(0, 100))}`;
  }

  #handleError(error: unknown, state: RecordState, raw?: string): void {
    this.#records!.check();
    const failure = asInstance(error, Failure);
    if (failure) throw failure;
    const fault = asInstance(error, RowFault);
    const reason = fault?.message ?? valueReason(error) ?? this.#thrownReason(error);
    this.#rejectRecord(state, { reason, column: fault?.column ?? null }, raw);
  }

  #thrownReason(error: unknown): string {
    const message = safeMessage(error).slice(0, MAX_THROWN_CHARS);
    return `row threw: ${message}${placeText(this.#realm.placeOf(error))}`;
  }

  /** @param raw the record's text, if the reader has moved on to another record */
  #rejectRecord(state: RecordState, why: Rejection, raw = this.#reader?.raw() ?? ""): void {
    const lines = state.lines ?? this.#reader?.lines?.();
    this.#keepReject({ line: state.line, ...why, raw, lines }, state.entry);
  }

  #keepReject(reject: RejectView, entry = this.#entry): void {
    const where = entry ? `${JSON.stringify(entry.name.slice(0, 100))}: ` : "";
    this.#out.reject({ ...reject, reason: where + reject.reason });
  }
}

/** The record's position in the file or archive, which its row id contains. */
function positionOf({ line, entry }: RecordState): number {
  return line + (entry?.number ?? 0) * LINES_PER_ENTRY;
}

/** The table that a module without `row` fills; a declaration with several was refused. */
function onlyTable({ tables }: IngestRequest): TableSpec {
  return tables[0]!;
}
