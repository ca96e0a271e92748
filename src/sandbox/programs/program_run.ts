import { Buffer } from "node:buffer";
import { Failure } from "../../base/failure.ts";
import type { TableSpec } from "../../batch/column.ts";
import { MAX_RAW_CHARS, withCommas } from "../formats/contract.ts";
import type { IngestRequest } from "../wire/messages.ts";
import { rowIds } from "../wire/row_id.ts";
import { RepeatedKeys } from "../worker/repeated_keys.ts";
import { type Post, type RunCounts, RunOutput } from "../worker/run_output.ts";
import { RowFault } from "../worker/table_buffer.ts";
import { invalidLine, MAX_LINE_BYTES, type OutputLine, parseOutputLine } from "./output_line.ts";

const LINE_FEED = 0x0a;

/** Reads the output of a program that loads one file: lines in, batches and rejects out. */
export class ProgramRun {
  readonly #out: RunOutput;
  readonly #rowId: (line: number) => string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #pieces: Uint8Array[] = [];
  #pendingBytes = 0;
  #lines = 0;
  #recordLine = 0;
  #end: number | null = null;

  constructor(request: IngestRequest, post: Post) {
    this.#rowId = rowIds(request.sha256);
    const keys = new RepeatedKeys(request.tables, {
      sha256: request.sha256,
      maxBytes: request.maxKeyBytes,
      placeOf: (line) => `line ${line}`,
    });
    const reader = (names: string[], table: TableSpec) => this.#reader(names, table);
    this.#out = new RunOutput(request.tables, reader, keys, post);
  }

  /** Takes a piece of the program's output. @throws {Failure} `program-protocol` */
  push(bytes: Uint8Array): void {
    const last = bytes.lastIndexOf(LINE_FEED);
    if (last < 0) {
      this.#keep(bytes);
      if (this.#pendingBytes > MAX_LINE_BYTES) throw tooLong(this.#lines + 1);
      return;
    }
    this.#keep(bytes.subarray(0, last));
    this.#takePending();
    this.#keep(bytes.slice(last + 1));
    this.#out.flushRejects();
  }

  /**
   * Ends the output. @returns the counts of the records
   * @throws {Failure} `program-protocol`, `program-no-end`, `program-count`
   */
  end(): RunCounts {
    if (this.#pendingBytes > 0) this.#takePending();
    const { rows } = this.#out;
    if (this.#end === null) throw noEnd(rows.read);
    if (this.#end !== rows.read) throw wrongCount(this.#end, rows.read);
    this.#out.flushRejects();
    this.#out.flushRows();
    return rows;
  }

  /** Posts the rejects found so far in a file that fails. @returns the number of records read */
  giveUp(): number {
    this.#out.flushRejects();
    return this.#out.rows.read;
  }

  sent(): void {
    this.#out.sent();
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #takePending(): void {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pendingBytes = 0;
    for (const line of this.#text(all).split("\n")) {
      this.#lines++;
      if (line !== "" && line !== "\r") this.#take(parseOutputLine(line, this.#lines), line);
    }
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw invalidLine(this.#lines + 1, "this line, or one after it, is not UTF-8");
    }
  }

  #take(output: OutputLine, text: string): void {
    if (this.#end !== null) throw invalidLine(this.#lines, 'it comes after the line with "end"');
    if ("end" in output) this.#end = output.end;
    else if ("skip" in output) this.#out.skip(output.skip);
    else this.#record(output, text);
  }

  #record(output: Extract<OutputLine, { line: number | null }>, text: string): void {
    const line = this.#recordLine = output.line ?? this.#out.rows.read + 1;
    this.#out.rows.read++;
    const raw = (output.raw ?? text).slice(0, MAX_RAW_CHARS).toWellFormed();
    if ("reject" in output) {
      const { reject: reason, column } = output;
      return this.#out.reject({ line, column, reason, raw });
    }
    try {
      this.#out.keep(output.rows, line);
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      const { message: reason, column } = error;
      this.#out.reject({ line, column, reason, raw });
    }
  }

  /** Builds a function that reads a row's columns; `{"$rowId": true}` stands for the record's id. */
  #reader(names: string[], table: TableSpec): (row: object) => unknown[] {
    const fields = names.map((name) => `row[${JSON.stringify(name)}]`).join(", ");
    // Column names only contain letters, digits and _.
    const read: (row: object) => unknown[] = new Function("row", `return [${fields}]`) as never;
    const ids = table.columns.flatMap(({ type }, i) => type === "uuid" ? [i] : []);
    if (ids.length === 0) return read;
    return (row) => {
      const values = read(row);
      for (const i of ids) if (isRowId(values[i])) values[i] = this.#rowId(this.#recordLine);
      return values;
    };
  }
}

function isRowId(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    (value as { $rowId?: unknown }).$rowId === true;
}

function tooLong(line: number): Failure {
  return invalidLine(line, `it has more than ${withCommas(MAX_LINE_BYTES)} bytes`);
}

function noEnd(read: number): Failure {
  const text = `Cannot use the program's output: it has no line with "end" after ${read} records`;
  return new Failure("refused", "program-no-end", text, {
    hint: 'Write {"end": N} as the last line, where N is the number of records.',
  });
}

function wrongCount(end: number, read: number): Failure {
  const text = `Cannot use the program's output: "end" is ${end}, but ${read} records arrived`;
  return new Failure("refused", "program-count", text, {
    hint: 'Set "end" to the number of records of all lines before it.',
  });
}
