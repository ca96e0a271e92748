import type { WrittenNumbers } from "../../sdk/values/written_numbers.ts";

/** A record that cannot be read. It becomes a reject, and the reader continues with the next one. */
export interface RecordFault {
  /** Where the record starts, from 1: its line, its row in the sheet, or its number. */
  line: number;
  /** The number of the field, or for JSON the character in the record, from 1. */
  column: number | null;
  /** What is wrong, as a continuation of "the record …": `has 4 fields, the header has 10`. */
  reason: string;
  /** The record's text in the file, cut at {@link MAX_RAW_CHARS}. */
  raw: string;
  /** The number of lines that it covers: what it weighs as a reject. @default 1 */
  lines?: number;
}

/**
 * Receives a reader's results, in the order of the file. Every record leads to exactly one call:
 * `fields` or `value`, `fault`, or `skip`. If a sink throws, the reader's `push` or `end` throws the
 * same error, and the reader cannot be used afterwards.
 */
export interface RecordSink {
  /**
   * Chooses the columns that have to be decoded, of all that the file has, for formats that can leave
   * some out. Called once, before `header`, which then gets only these.
   */
  wants?(names: readonly string[]): readonly string[];
  /**
   * The column names, before the first `fields`; also of formats with a schema, before `value`. Once,
   * unless records may be wider than the header: then again, with further names, before a record that
   * has more fields than any before it.
   */
  header?(names: readonly string[]): void;
  /**
   * One record of a format with columns, with as many fields as the header has; for CSV they are
   * strings. The sink may keep the array.
   */
  fields(fields: unknown[], line: number): void;
  /** One record of a format without columns: an object. */
  value(value: Record<string, unknown>, line: number): void;
  fault(fault: RecordFault): void;
  /** A blank line or row, which counts as read and skipped. */
  skip(line: number): void;
  /** A remark about the file for its sender, such as a column that nothing reads. */
  notice?(text: string): void;
}

/** Splits text into records. The calls to the sink do not depend on how `push` receives the text. */
export interface RecordReader {
  push(text: string): void;
  end(): void;
  /** The text of the record being delivered, cut at {@link MAX_RAW_CHARS}. */
  raw(): string;
  /** The numbers of the record being delivered, if the format is JSON. */
  numbers?(): WrittenNumbers;
  /** The number of lines of the record being delivered. @default () => 1 */
  lines?(): number;
}

export interface ReaderSettings {
  /** Maximum length of a record, in UTF-16 units without its line feed. @default 1_048_576 */
  maxRecordChars?: number;
  /** Returns the name of the file's encoding, for reasons. @default () => "utf-8" */
  encoding?: () => string;
}

export const DEFAULT_MAX_RECORD_CHARS = 1_048_576;
/** Maximum length of the text that is kept of a rejected record, in UTF-16 units. */
export const MAX_RAW_CHARS = 4_096;

/**
 * Replaces bytes that are invalid in the file's encoding. Valid bytes never decode to two high
 * surrogates in a row, so readers can distinguish this from a U+FFFD in the file.
 */
export const BAD_BYTES = "\uD800\uD800";

/** A record's text for a reject: bad bytes become U+FFFD, cut at {@link MAX_RAW_CHARS}. */
export function rawText(record: string): string {
  return record.slice(0, MAX_RAW_CHARS).replaceAll(BAD_BYTES, "\uFFFD").toWellFormed();
}

/** The reason for rejecting a record with {@link BAD_BYTES}. */
export function badBytesReason(settings: ReaderSettings): string {
  return `is not valid ${(settings.encoding?.() ?? "utf-8").toUpperCase()}`;
}

/** The reason for rejecting a record over the limit. */
export function tooLongReason(maxRecordChars: number): string {
  return `is longer than ${withCommas(maxRecordChars)} characters`;
}

/** 1048576 becomes 1,048,576. Not `toLocaleString`, which frozen intrinsics lack. */
export function withCommas(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
