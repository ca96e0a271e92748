import avsc from "avsc";
import { Buffer } from "node:buffer";
import { messageOf } from "../../base/failure.ts";
import { badSchema } from "./avro_failures.ts";
import { bigIntOf, withPoint } from "./decimal.ts";

type Schema = Parameters<typeof avsc.Type.forSchema>[0];
type Read = (stored: unknown) => unknown;

const MS_PER_DAY = 86_400_000;

/**
 * Makes the decoder of a file's schema. It compiles code from the schema, whose names the library
 * has held to letters, digits and _ before.
 *
 * @throws {Failure} `avro-schema`
 */
export function avroType(schema: string): avsc.Type {
  try {
    return avsc.Type.forSchema(JSON.parse(schema), {
      registry: { long: exactLong() },
      logicalTypes: {
        "date": logical(() => (days) => new Date(Number(days) * MS_PER_DAY)),
        "decimal": logical(({ scale }) => (bytes) =>
          withPoint(bigIntOf(bytes as Uint8Array), scale)
        ),
        "timestamp-millis": logical(() => (ms) => new Date(Number(ms))),
        "timestamp-micros": logical(() => (us) => new Date(Math.floor(Number(us) / 1_000))),
        "time-millis": logical(() => (ms) => timeOfDay(Number(ms), 3)),
        "time-micros": logical(() => (us) => timeOfDay(Number(us), 6)),
      },
      omitRecordMethods: true,
    });
  } catch (error) {
    throw badSchema(messageOf(error) || "it is not a schema", error);
  }
}

/** Longs of the library are doubles, and it refuses what a double would change. */
function exactLong(): avsc.Type {
  const notWritten = () => {
    throw new Error("files are only read");
  };
  return avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: notWritten,
    fromJSON: (value: number) => BigInt(value),
    toJSON: String,
    isValid: (value: unknown) => typeof value === "bigint",
    compare: notWritten,
  });
}

/** A logical type that is only read; where `make` throws, the type below it is taken. */
function logical(make: (schema: { scale: number }) => Read) {
  return class extends avsc.types.LogicalType {
    readonly #read: Read;

    constructor(schema: Schema, options?: unknown) {
      super(schema, options);
      const { scale = 0 } = schema as { scale?: number };
      if (!Number.isInteger(scale) || scale < 0 || scale > 1_000) throw new Error("bad scale");
      this.#read = make({ scale });
    }

    protected override _fromValue(stored: unknown): unknown {
      return this.#read(stored);
    }

    // Defaults of fields are checked by writing them.
    protected override _toValue(value: unknown): unknown {
      return value;
    }
  };
}

function timeOfDay(units: number, decimals: number): string {
  const seconds = Math.floor(units / 10 ** decimals);
  const two = (value: number) => String(value).padStart(2, "0");
  const fraction = String(units % 10 ** decimals).padStart(decimals, "0");
  const minutes = Math.floor(seconds / 60);
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}.${fraction}`;
}
