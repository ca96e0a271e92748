import { type ParquetScan, parquetScan, parquetSchema, type SchemaElement } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { ParquetOptions } from "../../sdk/parquet.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { rawText, type RecordSink } from "./contract.ts";
import { bigIntOf, withPoint } from "./decimal.ts";
import { plain, shownRecord } from "./plain_data.ts";
import type { FileReader, FileReaderLimits } from "./record_reader.ts";
import { WholeFile } from "./whole_file.ts";

const ROWS_BETWEEN_PAUSES = 1_000;

/** A column, and the conversion of its decoded values. */
interface Column {
  name: string;
  value: (decoded: unknown) => unknown;
}

/**
 * Reads a Parquet file, one row group after the other. A record's line is its number in the file.
 *
 * Integers beyond Number.MAX_SAFE_INTEGER become bigint, decimals strings, dates and times of day
 * `Date`, bytes Uint8Array, lists and structs arrays and objects.
 *
 * @throws {Failure} `end` throws `parquet-corrupt`, `parquet-no-column`, and the failures of
 * {@link WholeFile}
 */
export function parquetReader(
  options: ParquetOptions,
  sink: RecordSink,
  limits: FileReaderLimits,
): FileReader {
  const file = new WholeFile("Parquet files", limits.maxWholeBytes);
  let current: unknown[] = [];
  return {
    push: (bytes) => file.push(bytes),
    raw: () => rawText(shownRecord(current)),
    end: async () => {
      const scan = await opened(file.take());
      const columns = columnsOf(scan, options.columns);
      sink.header?.(columns.map(({ name }) => name));
      for (const range of scan.ranges) {
        const decoded = await decode(scan, columns, range);
        for (let i = 0; i < range.rowEnd - range.rowStart; i++) {
          if (i % ROWS_BETWEEN_PAUSES === 0) await limits.room?.();
          current = columns.map(({ value }, c) => value(decoded[c]![i]));
          sink.fields(current, range.rowStart + i + 1);
        }
      }
    },
  };
}

async function opened(bytes: Uint8Array<ArrayBuffer>): Promise<ParquetScan> {
  const slice = (start: number, end?: number) => bytes.buffer.slice(start, end);
  try {
    const file = { byteLength: bytes.length, slice };
    // Bytes that are not declared as text stay bytes.
    return await parquetScan({ file, compressors, geoparquet: false, utf8: false });
  } catch (error) {
    throw corrupt(error);
  }
}

async function decode(
  scan: ParquetScan,
  columns: readonly Column[],
  { rowStart, rowEnd }: { rowStart: number; rowEnd: number },
): Promise<ArrayLike<unknown>[]> {
  const decoded: ArrayLike<unknown>[] = [];
  for (const { name } of columns) {
    try {
      decoded.push(await scan.readColumn({ column: name, rowStart, rowEnd }));
    } catch (error) {
      throw corrupt(error);
    }
    if (decoded.at(-1)?.length !== rowEnd - rowStart) {
      throw corrupt(
        new Error(
          `column "${name}" has ${decoded.at(-1)?.length} values for ${rowEnd - rowStart} rows`,
        ),
      );
    }
  }
  return decoded;
}

function columnsOf(scan: ParquetScan, wanted: readonly string[] | undefined): Column[] {
  const { children } = parquetSchema(scan.metadata);
  const known = new Map(children.map((child) => [child.element.name, child]));
  const names = wanted ?? [...known.keys()];
  return names.map((name) => {
    const child = known.get(name);
    if (!child) throw noColumn(name, [...known.keys()]);
    const isDecimal = child.children.length === 0 && isDecimalType(child.element);
    return { name, value: isDecimal ? exactDecimal(child.element) : plain };
  });
}

function isDecimalType({ converted_type: converted, logical_type: logical }: SchemaElement) {
  return converted === "DECIMAL" || logical?.type === "DECIMAL";
}

/** Makes the library decode a decimal's stored integer, where it would return a double. */
function exactDecimal(element: SchemaElement): (stored: unknown) => unknown {
  const { scale = 0 } = element;
  delete element.converted_type;
  delete element.logical_type;
  return (value) =>
    value === null || value === undefined ? null : withPoint(unscaled(value), scale);
}

function unscaled(stored: unknown): bigint {
  return stored instanceof Uint8Array ? bigIntOf(stored) : BigInt(stored as number | bigint);
}

function corrupt(cause: unknown): Failure {
  const text = `Cannot read the Parquet file: ${messageOf(cause)}`;
  return new Failure("refused", "parquet-corrupt", text, {
    hint: "Export the file again and resend it.",
    cause,
  });
}

function noColumn(name: string, known: readonly string[]): Failure {
  const text = `Cannot read the Parquet file: it has no column ${JSON.stringify(name)}`;
  return new Failure("refused", "parquet-no-column", text, {
    hint: `Its columns are ${known.slice(0, 50).join(", ").slice(0, 1_000)}.`,
  });
}
