import type { JsonOptions } from "../../../sdk/json.ts";
import {
  MAX_RAW_CHARS,
  type ReaderSettings,
  type RecordReader,
  type RecordSink,
} from "../contract.ts";
import { arrayNotFound, cutShort, textAfter } from "./failures.ts";
import type { WrittenNumbers } from "../../../sdk/values/written_numbers.ts";
import { JsonRecords } from "./records.ts";
import { JsonText } from "./text.ts";

/**
 * Reads one JSON array of objects, with one record in memory at a time. A record's line is its number
 * in the array, from 1. An element that is not an object is a fault.
 *
 * The text between two commas is one record, so a syntax error only affects its own record.
 * Unbalanced brackets end the file.
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
  readonly #records: JsonRecords;
  readonly #path: string[];
  readonly #text: JsonText;
  readonly #work: Generator<void, void, void>;
  #number = 0;

  constructor(options: JsonOptions, sink: RecordSink, settings: ReaderSettings) {
    this.#records = new JsonRecords(options, sink, settings);
    this.#path = options.at?.split(".") ?? [];
    this.#text = new JsonText(Math.max(this.#records.maxChars, MAX_RAW_CHARS) + 1);
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
    return this.#records.raw();
  }

  numbers(): WrittenNumbers {
    return this.#records.numbers();
  }

  /** Reads the whole file. Yields when it needs more text; `push` and `end` resume it. */
  *#read(): Generator<void, void, void> {
    for (const name of this.#path) yield* this.#enter(name);
    if ((yield* this.#text.next()) !== "[") throw arrayNotFound(this.#path);
    this.#text.skip();
    yield* this.#elements();
    yield* this.#rest();
  }

  /** Enters the next object, up to the value of its member `name`. */
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
      this.#records.deliver(element, ++this.#number);
      this.#text.skip();
      if (stop === "]") return;
    }
  }

  /** Only the brackets that close the enclosing objects, and their members, may follow the array. */
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
}

function isKey(text: string, name: string): boolean {
  try {
    return JSON.parse(text) === name;
  } catch {
    return false;
  }
}
