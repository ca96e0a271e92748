import { Failure } from "../../base/failure.ts";
import type { TableSpec } from "../../batch/column.ts";
import { MAX_RAW_CHARS, withCommas } from "../formats/contract.ts";
import type { Request } from "../wire/messages.ts";
import { rowIds } from "../worker/row_id.ts";
import { type Post, type RunCounts, RunOutput } from "../worker/run_output.ts";
import { RowFault } from "../worker/table_buffer.ts";
import { badLine, MAX_LINE_BYTES, readLine, type Said } from "./protocol.ts";

const LINE_FEED = 0x0a;

/** Runs one file's results, as a program writes them: lines in, batches and rejects out. */
export class ProgramRun {
  readonly #out: RunOutput;
  readonly #rowId: (line: number) => string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #pieces: Uint8Array[] = [];
  #held = 0;
  #lines = 0;
  #place = 0;
  #end: number | null = null;

  constructor(request: Extract<Request, { type: "ingest" }>, post: Post) {
    this.#rowId = rowIds(request.sha256);
    this.#out = new RunOutput(request.tables, (names, table) => this.#reader(names, table), post);
  }

  /** Takes a piece of the program's output. @throws {Failure} `program-protocol` */
  push(bytes: Uint8Array): void {
    const last = bytes.lastIndexOf(LINE_FEED);
    if (last < 0) {
      this.#hold(bytes);
      if (this.#held > MAX_LINE_BYTES) throw tooLong(this.#lines + 1);
      return;
    }
    this.#hold(bytes.subarray(0, last));
    this.#takeHeld();
    this.#hold(bytes.slice(last + 1));
    this.#out.flushRejects();
  }

  /**
   * Ends the output. @returns what became of the records
   * @throws {Failure} `program-protocol`, `program-no-end`, `program-count`
   */
  end(): RunCounts {
    if (this.#held > 0) this.#takeHeld();
    const { rows } = this.#out;
    if (this.#end === null) throw noEnd(rows.read);
    if (this.#end !== rows.read) throw wrongCount(this.#end, rows.read);
    this.#out.flushRejects();
    this.#out.flushRows();
    return rows;
  }

  /** Hands over what was rejected so far of a file that fails. @returns the records read */
  giveUp(): number {
    this.#out.flushRejects();
    return this.#out.rows.read;
  }

  sent(): void {
    this.#out.sent();
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#held += bytes.length;
  }

  #takeHeld(): void {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : joined(this.#pieces, this.#held);
    this.#pieces = [];
    this.#held = 0;
    for (const line of this.#text(all).split("\n")) {
      this.#lines++;
      if (line !== "" && line !== "\r") this.#take(readLine(line, this.#lines), line);
    }
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw badLine(this.#lines + 1, "it, or one after it, is not UTF-8");
    }
  }

  #take(said: Said, line: string): void {
    if (this.#end !== null) throw badLine(this.#lines, 'it comes after the line with "end"');
    if ("end" in said) this.#end = said.end;
    else if ("skip" in said) this.#out.skip(said.skip);
    else this.#record(said, line);
  }

  #record(said: Extract<Said, { line: number | null }>, line: string): void {
    this.#place = said.line ?? ++this.#out.rows.read;
    if (said.line !== null) this.#out.rows.read++;
    const raw = (said.raw ?? line).slice(0, MAX_RAW_CHARS).toWellFormed();
    if ("reject" in said) {
      const { reject: reason, column } = said;
      return this.#out.reject({ line: this.#place, column, reason, raw });
    }
    try {
      this.#out.keep(said.rows);
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      const { message: reason, column } = error;
      this.#out.reject({ line: this.#place, column, reason, raw });
    }
  }

  /** Reads a row's columns; `{"$rowId": true}` stands for the id of its record. */
  #reader(names: string[], table: TableSpec): (row: object) => unknown[] {
    const fields = names.map((name) => `row[${JSON.stringify(name)}]`).join(", ");
    // Names of columns were held to letters, digits and _.
    const read: (row: object) => unknown[] = new Function("row", `return [${fields}]`) as never;
    const ids = table.columns.flatMap(({ type }, i) => type === "uuid" ? [i] : []);
    if (ids.length === 0) return read;
    return (row) => {
      const values = read(row);
      for (const i of ids) if (isRowId(values[i])) values[i] = this.#rowId(this.#place);
      return values;
    };
  }
}

function isRowId(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    (value as { $rowId?: unknown }).$rowId === true;
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function tooLong(line: number): Failure {
  return badLine(line, `it has more than ${withCommas(MAX_LINE_BYTES)} bytes`);
}

function noEnd(read: number): Failure {
  const text = `Cannot trust the program: after ${read} records it ended without a line with "end"`;
  return new Failure("refused", "program-no-end", text, {
    hint: 'Write {"end": N} as the last line, N being the number of records.',
  });
}

function wrongCount(told: number, read: number): Failure {
  const text = `Cannot trust the program: it says ${told} records, ${read} arrived`;
  return new Failure("refused", "program-count", text, {
    hint: 'The number at "end" counts the records of all lines before it.',
  });
}
