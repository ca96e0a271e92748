import type { JsonOptions } from "../../sdk/json.ts";
import {
  BAD_BYTES,
  badBytesReason,
  DEFAULT_MAX_RECORD_CHARS,
  MAX_RAW_CHARS,
  rawText,
  type ReaderSettings,
  type RecordReader,
  type RecordSink,
  tooLongReason,
} from "./contract.ts";
import { arrayNotFound, cutShort, textAfter } from "./json_failures.ts";
import { isObject, jsonFault, nameOf, parseJson } from "./json_value.ts";
import { JsonText } from "./json_text.ts";

/**
 * Reads one JSON array of objects, of which no more than a record is held. A record's line is its
 * number in the array, from 1. An element that is no object is told as a fault.
 *
 * Whatever is between two commas is one record, so a syntax error in a record spoils only that
 * record; brackets that do not pair end the file.
 *
 * @throws {Failure} from `push` and `end`: `json-no-array`, `json-cut-short`, `json-text-after`
 *
 * @example
 * ```ts
 * const reader = jsonArrayReader({ at: "items" }, {
 *   fields: () => {},
 *   value: (value, number) => console.log(number, value),
 *   fault: (fault) => console.error(fault.line, fault.reason),
 *   skip: () => {},
 * });
 * reader.push('{"items":[{"id":1},{"id"');
 * reader.push(":2}]}");
 * reader.end();
 * ```
 */
export function jsonArrayReader(
  options: JsonOptions,
  sink: RecordSink,
  settings: ReaderSettings = {},
): RecordReader {
  return new JsonArrayReader(options, sink, settings);
}

class JsonArrayReader implements RecordReader {
  readonly #sink: RecordSink;
  readonly #settings: ReaderSettings;
  readonly #maxChars: number;
  readonly #path: string[];
  readonly #text: JsonText;
  readonly #work: Generator<void, void, void>;
  #number = 0;
  #record = "";

  constructor(options: JsonOptions, sink: RecordSink, settings: ReaderSettings) {
    this.#sink = sink;
    this.#settings = settings;
    this.#maxChars = settings.maxRecordChars ?? DEFAULT_MAX_RECORD_CHARS;
    this.#path = options.at?.split(".") ?? [];
    this.#text = new JsonText(Math.max(this.#maxChars, MAX_RAW_CHARS) + 1);
    this.#work = this.#read();
  }

  push(text: string): void {
    if (text === "") return;
    this.#text.add(text);
    this.#work.next();
  }

  end(): void {
    this.#text.close();
    this.#work.next();
  }

  raw(): string {
    return rawText(this.#record);
  }

  /** The whole file. It yields wherever it needs more text, and is run on by `push` and `end`. */
  *#read(): Generator<void, void, void> {
    for (const name of this.#path) yield* this.#enter(name);
    if ((yield* this.#text.next()) !== "[") throw arrayNotFound(this.#path);
    this.#text.skip();
    yield* this.#elements();
    yield* this.#rest();
  }

  /** Goes into the object that comes next, up to the value of the member `name`. */
  *#enter(name: string): Generator<void, void, void> {
    if ((yield* this.#text.next()) !== "{") throw arrayNotFound(this.#path);
    this.#text.skip();
    for (;;) {
      const key = yield* this.#text.until(":");
      if (this.#text.stopped() !== ":") throw arrayNotFound(this.#path);
      this.#text.skip();
      if (isKey(key, name)) return;
      yield* this.#text.until(",");
      if (this.#text.stopped() !== ",") throw arrayNotFound(this.#path);
      this.#text.skip();
    }
  }

  *#elements(): Generator<void, void, void> {
    if ((yield* this.#text.next()) === "]") return this.#text.skip();
    for (;;) {
      const element = yield* this.#text.until(",");
      const stop = this.#text.stopped();
      if (stop !== "," && stop !== "]") throw cutShort();
      this.#number++;
      this.#take(element);
      this.#text.skip();
      if (stop === "]") return;
    }
  }

  /** What follows the array must close what was opened before it, and nothing else. */
  *#rest(): Generator<void, void, void> {
    for (let open = this.#path.length; open > 0; open--) {
      for (;;) {
        yield* this.#text.until(",");
        const stop = this.#text.stopped();
        this.#text.skip();
        if (stop === "}") break;
        if (stop !== ",") throw cutShort();
      }
    }
    if ((yield* this.#text.next()) !== "") throw textAfter();
  }

  #take(element: string): void {
    this.#record = element;
    if (element.length > this.#maxChars) return this.#fault(tooLongReason(this.#maxChars));
    if (element.includes(BAD_BYTES)) return this.#fault(badBytesReason(this.#settings));
    let value: unknown;
    try {
      value = parseJson(element);
    } catch (error) {
      const { reason, column } = jsonFault(error);
      return this.#fault(reason, column);
    }
    if (isObject(value)) this.#sink.value(value, this.#number);
    else this.#fault(`is ${nameOf(value)}, not a JSON object`);
  }

  #fault(reason: string, column: number | null = null): void {
    this.#sink.fault({ line: this.#number, column, reason, raw: this.raw() });
  }
}

function isKey(text: string, name: string): boolean {
  try {
    return JSON.parse(text) === name;
  } catch {
    return false;
  }
}
