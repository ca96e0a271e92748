import { parquetMetadataAsync, parquetSchema, type SchemaTree } from "hyparquet";
import type { StoredTimestampOptions } from "../../../sdk/file_format.ts";
import { rawText, type RecordSink } from "../contract.ts";
import { corrupt, encrypted, unreadableColumn } from "./failures.ts";
import { GroupReader, type ParquetFile } from "./group.ts";
import { shownRecord } from "../plain_data.ts";
import type { FileReader, FileReaderLimits } from "../record_reader.ts";
import { WholeFile } from "../whole_file.ts";

const ROWS_BETWEEN_PAUSES = 1_000;
const ENCRYPTED_MAGIC = "PARE";

/**
 * Reads a Parquet file page by page: in memory are the file, and of each column one page and its
 * dictionary. A record's line is its number in the file.
 *
 * Integers beyond Number.MAX_SAFE_INTEGER become bigint, decimals and times of day text with all
 * digits, dates and timestamps `Date`, bytes Uint8Array, lists and structs arrays and objects.
 *
 * @throws {Failure} `end` throws `parquet-corrupt`, `parquet-checksum`, `parquet-encrypted`,
 * `parquet-column`, and the failures of {@link WholeFile}
 */
export function parquetReader(
  { timestamps = "date" }: StoredTimestampOptions,
  sink: RecordSink,
  limits: FileReaderLimits,
): FileReader {
  const whole = new WholeFile("Parquet files", limits.maxWholeBytes);
  let current: unknown[] = [];
  const raw = () => rawText(shownRecord(current));

  async function end(): Promise<void> {
    const file = await opened(whole.view());
    const columns = columnsOf(file, sink);
    sink.header?.(columns.map(({ element }) => element.name));
    let line = 0;
    for (const group of file.metadata.row_groups) {
      const place = { file, group, columns, startRow: line + 1 };
      const records = new GroupReader(place, timestamps);
      for (let left = Number(group.num_rows); left > 0; left--) {
        if (line++ % ROWS_BETWEEN_PAUSES === 0) await limits.room?.();
        const { fields, fault } = records.take();
        current = fields;
        if (fault === null) sink.fields(fields, line);
        else sink.fault({ line, ...fault, raw: raw() });
      }
      records.end();
    }
  }

  return { push: (bytes) => whole.push(bytes), raw, end };
}

async function opened(bytes: Uint8Array<ArrayBuffer>): Promise<ParquetFile> {
  if (new TextDecoder("latin1").decode(bytes.subarray(-4)) === ENCRYPTED_MAGIC) throw encrypted();
  const slice = (start: number, end?: number) => bytes.slice(start, end).buffer;
  try {
    const file = { byteLength: bytes.length, slice };
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const schema = parquetSchema(metadata);
    return { bytes, metadata, schema, leaves: leavesOf(schema) };
  } catch (error) {
    throw corrupt(error);
  }
}

function leavesOf(node: SchemaTree): SchemaTree[] {
  if (node.element.type !== undefined) return [node];
  return node.children.flatMap(leavesOf);
}

function columnsOf({ schema }: ParquetFile, sink: RecordSink): SchemaTree[] {
  const known = new Map(schema.children.map((child) => [child.element.name, child]));
  if (known.size < schema.children.length) throw corrupt(new Error("two columns have one name"));
  const names = [...known.keys()];
  return (sink.wants?.(names) ?? names).map((name) => {
    const column = known.get(name)!;
    if (column.element.logical_type?.type === "VARIANT") {
      throw unreadableColumn(name, "the type VARIANT is not supported");
    }
    return column;
  });
}
