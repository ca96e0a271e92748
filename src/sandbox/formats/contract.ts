/** A record that can't be read. It becomes a reject; the reader goes on with the next one. */
export interface RecordFault {
  /** Where the record starts, from 1: its line, the row of its sheet, or its number. */
  line: number;
  /** The number of the field. JSON: the character in the record. Both from 1. */
  column: number | null;
  /** What is wrong, to be read after "the record": `has 4 fields, the header has 10`. */
  reason: string;
  /** The text as it stands in the file, cut at {@link MAX_RAW_CHARS}. */
  raw: string;
}

/**
 * Receives what a reader finds, in the order of the file. Every record is told exactly once: by
 * `fields` or `value`, `fault`, or `skip`. What a sink throws comes out of the reader's `push` or
 * `end`; the reader must not be used afterwards.
 */
export interface RecordSink {
  /** The names of the columns, once, before the first `fields`. */
  header?(names: readonly string[]): void;
  /**
   * One record of a format with columns, with as many fields as the header has. Of CSV they are
   * text. The array is the sink's to keep.
   */
  fields(fields: unknown[], line: number): void;
  /** One object of a format whose records name their members themselves. */
  value(value: Record<string, unknown>, line: number): void;
  fault(fault: RecordFault): void;
  /** A blank line or row: it counts as read and skipped. */
  skip(line: number): void;
}

/** Cuts text into records. Any cutting of the same text into pushes gives the same calls. */
export interface RecordReader {
  push(text: string): void;
  end(): void;
  /** The text of the record being delivered right now, cut at {@link MAX_RAW_CHARS}. */
  raw(): string;
}

export interface ReaderSettings {
  /** The longest record, in UTF-16 units without its line feed. @default 1_048_576 */
  maxRecordChars?: number;
  /** The name of the file's encoding, for reasons. @default () => "utf-8" */
  encoding?: () => string;
}

export const DEFAULT_MAX_RECORD_CHARS = 1_048_576;
/** How much of a record is kept beside its reject, in UTF-16 units. */
export const MAX_RAW_CHARS = 4_096;

/**
 * Stands in decoded text for bytes that are not valid in the file's encoding. A high surrogate
 * before a high surrogate never comes from valid bytes, so readers can tell it from a U+FFFD in the
 * file.
 */
export const BAD_BYTES = "\uD800\uD800";

/** The text of a record as a reject shows it: bad bytes as U+FFFD, cut at {@link MAX_RAW_CHARS}. */
export function rawText(record: string): string {
  return record.slice(0, MAX_RAW_CHARS).replaceAll(BAD_BYTES, "\uFFFD").toWellFormed();
}

/** The reason of a record with {@link BAD_BYTES}. */
export function badBytesReason(settings: ReaderSettings): string {
  return `is not valid ${(settings.encoding?.() ?? "utf-8").toUpperCase()}`;
}

/** The reason of a record over the limit. */
export function tooLongReason(maxRecordChars: number): string {
  return `is longer than ${withCommas(maxRecordChars)} characters`;
}

/** 1048576 as 1,048,576, whatever the locale: locked-down intrinsics have no locales. */
export function withCommas(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
