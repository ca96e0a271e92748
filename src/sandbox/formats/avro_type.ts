import avsc from "avsc";
import { Buffer } from "node:buffer";
import { messageOf } from "../../base/failure.ts";
import { badSchema } from "./avro_failures.ts";
import { bigIntOf, withPoint } from "./decimal.ts";

type Schema = Parameters<typeof avsc.Type.forSchema>[0];
type Read = (stored: unknown) => unknown;

const MS_PER_DAY = 86_400_000;

/**
 * Builds the decoder for a file's schema. The library compiles code from the schema, after checking
 * that its names only contain letters, digits and _.
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
    throw badSchema(messageOf(error) || "it is invalid", error);
  }
}

/** The library reads longs as doubles and fails if a double would change the value. */
function exactLong(): avsc.Type {
  const readOnly = () => {
    throw new Error("files are only read");
  };
  return avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: readOnly,
    fromJSON: (value: number) => BigInt(value),
    toJSON: String,
    isValid: (value: unknown) => typeof value === "bigint",
    compare: readOnly,
  });
}

/** A logical type for reading. If `make` throws, the library uses the underlying type. */
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

    // The library checks the defaults of fields by encoding them.
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
