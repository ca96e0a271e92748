import {
  BAD_BYTES,
  badBytesReason,
  DEFAULT_MAX_RECORD_CHARS,
  rawText,
  type ReaderSettings,
  type RecordSink,
  tooLongReason,
} from "../contract.ts";
import type { NumbersOption } from "../../../sdk/jsonl.ts";
import type { WrittenNumbers } from "../../../sdk/values/written_numbers.ts";
import { JsonNumbers } from "./numbers.ts";
import { isObject, jsonFault, nameOf, parseJson, parseJsonTexts } from "./value.ts";

/** Delivers the text of JSON records to a sink: as objects, or as faults. */
export class JsonRecords {
  readonly maxChars: number;
  readonly #isText: boolean;
  readonly #sink: RecordSink;
  readonly #settings: ReaderSettings;
  #text = "";

  constructor(options: NumbersOption, sink: RecordSink, settings: ReaderSettings) {
    this.#isText = options.numbers === "text";
    this.#sink = sink;
    this.#settings = settings;
    this.maxChars = settings.maxRecordChars ?? DEFAULT_MAX_RECORD_CHARS;
  }

  /** The text of the record being delivered. */
  raw(): string {
    return rawText(this.#text);
  }

  /** The numbers of the record being delivered. */
  numbers(): WrittenNumbers {
    return new JsonNumbers(this.#text);
  }

  deliver(text: string, line: number): void {
    this.#text = text;
    if (text.length > this.maxChars) return this.#fault(line, tooLongReason(this.maxChars));
    if (text.includes(BAD_BYTES)) return this.#fault(line, badBytesReason(this.#settings));
    let value: unknown;
    try {
      value = this.#isText ? parseJsonTexts(text, "all") : parseJson(text);
    } catch (error) {
      const { reason, column } = jsonFault(error);
      return this.#fault(line, reason, column);
    }
    if (isObject(value)) this.#sink.value(value, line);
    else this.#fault(line, `is ${nameOf(value)}, not a JSON object`);
  }

  #fault(line: number, reason: string, column: number | null = null): void {
    this.#sink.fault({ line, column, reason, raw: this.raw() });
  }
}
