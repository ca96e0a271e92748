import type { Buffer } from "node:buffer";
import type { StoredTimestampOptions } from "../../../sdk/file_format.ts";
import { rawText, type RecordSink } from "../contract.ts";
import { AvroBlocks } from "./blocks.ts";
import { corruptAvro } from "./failures.ts";
import { avroType } from "./type.ts";
import { nameOf } from "../json/value.ts";
import { BadValue } from "../logical_time.ts";
import { plain, shownRecord } from "../plain_data.ts";
import type { FileReader, FileReaderLimits } from "../record_reader.ts";

/**
 * Reads an Avro object container file, with one block in memory at a time. A record's line is its
 * number in the file.
 *
 * Longs beyond Number.MAX_SAFE_INTEGER become bigint, decimals, times of day and durations text with
 * all digits, dates and timestamps `Date`, bytes Uint8Array.
 *
 * @throws {Failure} `push` and `end` throw `avro-corrupt`, `avro-cut-short`, `avro-schema`,
 * `avro-codec`, `avro-block-too-large`
 */
export function avroReader(
  { timestamps = "date" }: StoredTimestampOptions,
  sink: RecordSink,
  limits: FileReaderLimits,
): FileReader {
  let number = 0;
  let current: unknown = null;
  let type: ReturnType<typeof avroType> | null = null;
  const raw = () => rawText(shownRecord(current));
  let hasBad = false;
  const blocks = new AvroBlocks(limits.maxWholeBytes, open, block);

  function open(schema: string): void {
    type = avroType(schema, timestamps, () => hasBad = true);
    const { fields } = type as { fields?: readonly { name: string }[] };
    if (fields !== undefined) sink.header?.(fields.map(({ name }) => name));
  }

  function block(data: Buffer, count: number): void {
    let at = 0;
    for (let i = 0; i < count; i++) {
      hasBad = false;
      const { value, offset } = decoded(data, at);
      at = offset;
      const bad = hasBad ? badValueIn(value) : null;
      current = plain(value);
      number++;
      if (bad !== null) sink.fault({ line: number, column: null, reason: bad, raw: raw() });
      else if (isRecord(current)) sink.value(current, number);
      else {
        const reason = `is ${nameOf(current)}, not an Avro record`;
        sink.fault({ line: number, column: null, reason, raw: raw() });
      }
    }
    if (at !== data.length) throw corruptAvro("a block is longer than its records");
  }

  function decoded(data: Buffer, at: number): { value: unknown; offset: number } {
    let found: { value: unknown; offset: number };
    try {
      found = type!.decode(data, at);
    } catch (error) {
      throw corruptAvro(`record ${number + 1} cannot be decoded`, error);
    }
    if (found.offset < 0) throw corruptAvro("a block is shorter than its records");
    return found;
  }

  return { push: (bytes) => blocks.push(bytes), end: () => blocks.end(), raw };
}

/** Why a value within a record cannot be used, with its path; null if it can. */
function badValueIn(value: unknown, path = ""): string | null {
  if (value instanceof BadValue) return `${value.message} in ${JSON.stringify(path)}`;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return null;
  for (const [name, member] of Object.entries(value)) {
    const found = badValueIn(member, path === "" ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) ===
      Object.prototype;
}
