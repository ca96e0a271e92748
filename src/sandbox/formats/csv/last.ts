import type { RecordFault, RecordSink } from "../contract.ts";

/** A record that may be one of the last of the file. */
interface Held {
  fields: unknown[] | null;
  fault: RecordFault | null;
  line: number;
  raw: string;
  lines: number;
}

/** Passes records on to a sink, but skips the last ones of the file: its footer. */
export class LastRecords implements RecordSink {
  readonly #sink: RecordSink;
  readonly #count: number;
  readonly #current: () => { raw: string; lines: number };
  readonly #held: Held[] = [];
  /** The record being delivered. */
  delivered: { raw: string; lines: number } = { raw: "", lines: 1 };

  /** @param current returns the text and lines of the record that the reader delivers */
  constructor(sink: RecordSink, count: number, current: () => { raw: string; lines: number }) {
    this.#sink = sink;
    this.#count = count;
    this.#current = current;
  }

  header(names: readonly string[]): void {
    this.#sink.header?.(names);
  }

  fields(fields: unknown[], line: number): void {
    this.#hold({ fields, fault: null, line, ...this.#current() });
  }

  value(): void {
    throw new Error("CSV has no such records");
  }

  fault(fault: RecordFault): void {
    this.#hold({ fields: null, fault, line: fault.line, raw: fault.raw, lines: fault.lines ?? 1 });
  }

  skip(line: number): void {
    this.#sink.skip(line);
  }

  notice(text: string): void {
    this.#sink.notice?.(text);
  }

  /** The file has ended: the records that are still here are its last ones. */
  end(): void {
    for (const { line } of this.#held) this.#sink.skip(line);
  }

  #hold(record: Held): void {
    this.#held.push(record);
    if (this.#held.length <= this.#count) return;
    const { fields, fault, line, raw, lines } = this.#held.shift()!;
    this.delivered = { raw, lines };
    if (fields !== null) this.#sink.fields(fields, line);
    else if (fault !== null) this.#sink.fault(fault);
  }
}
