import {
  type FileMetaData,
  parquetMetadataAsync,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from "hyparquet";
import { rawText, type RecordSink } from "./contract.ts";
import { corrupt, encrypted, unreadableColumn } from "./parquet_failures.ts";
import { Leaf, type OnFault } from "./parquet_leaf.ts";
import { type TakeValue, valueTaker } from "./parquet_record.ts";
import { shownRecord } from "./plain_data.ts";
import type { FileReader, FileReaderLimits } from "./record_reader.ts";
import { WholeFile } from "./whole_file.ts";

const ROWS_BETWEEN_PAUSES = 1_000;
const ENCRYPTED_MAGIC = "PARE";

/** An opened file: its bytes, its metadata, and its leaf columns in order. */
interface ParquetFile {
  bytes: Uint8Array;
  metadata: FileMetaData;
  schema: SchemaTree;
  leaves: SchemaTree[];
}

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
  sink: RecordSink,
  limits: FileReaderLimits,
): FileReader {
  const whole = new WholeFile("Parquet files", limits.maxWholeBytes);
  let current: unknown[] = [];
  const raw = () => rawText(shownRecord(current));

  async function end(): Promise<void> {
    const file = await opened(whole.view());
    const columns = columnsOf(file, sink);
    const names = columns.map(({ element }) => element.name);
    sink.header?.(names);
    let line = 0;
    for (const group of file.metadata.row_groups) {
      let fault: { column: number; reason: string } | null = null;
      const takers = takersOf(file, group, columns, line + 1, (column, reason) => {
        fault ??= { column, reason };
      });
      for (let left = Number(group.num_rows); left > 0; left--) {
        if (line++ % ROWS_BETWEEN_PAUSES === 0) await limits.room?.();
        fault = null;
        current = taken(takers.take);
        const found = fault as { column: number; reason: string } | null;
        if (found === null) sink.fields(current, line);
        else sink.fault({ line, ...found, raw: raw() });
      }
      takers.finish();
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

/** How to take the records of one row group, and a check that nothing is left after them. */
function takersOf(
  { bytes, schema, leaves }: ParquetFile,
  group: RowGroup,
  columns: readonly SchemaTree[],
  startRow: number,
  onFault: (column: number, reason: string) => void,
): { take: TakeValue[]; finish(): void } {
  const opened: Leaf[] = [];
  const open = (node: SchemaTree, onFault: OnFault) => {
    const name = node.path.join(".");
    const chunk = group.columns[leaves.indexOf(node)];
    if (chunk === undefined) throw corrupt(new Error(`a row group lacks the column "${name}"`));
    if (chunk.file_path) throw unreadableColumn(name, `it is in the file "${chunk.file_path}"`);
    if (!chunk.meta_data || chunk.crypto_metadata) throw unreadableColumn(name, "it is encrypted");
    const place = { file: bytes, name, startRow, metadata: chunk.meta_data };
    const leaf = new Leaf({ ...place, ...levelsOf(schema, node) }, onFault);
    opened.push(leaf);
    return leaf;
  };
  try {
    const take = columns.map((column, at) =>
      valueTaker(column, (node) => open(node, (reason) => onFault(at + 1, reason)))
    );
    return { take, finish: () => opened.forEach(checkEnd) };
  } catch (error) {
    throw corrupt(error);
  }
}

function checkEnd(leaf: Leaf): void {
  if (!leaf.isEnd) throw corrupt(new Error("a column has more values than the file has rows"));
}

/** The schema from the root to a column, and the levels of its values. */
function levelsOf(schema: SchemaTree, { path: names }: SchemaTree) {
  const path = [schema];
  for (const name of names) {
    path.push(path.at(-1)!.children.find(({ element }) => element.name === name)!);
  }
  const kinds = path.slice(1).map(({ element }) => element.repetition_type);
  return {
    path,
    maxDefinition: kinds.filter((kind) => kind !== "REQUIRED").length,
    maxRepetition: kinds.filter((kind) => kind === "REPEATED").length,
  };
}

function taken(takers: readonly TakeValue[]): unknown[] {
  try {
    return takers.map((take) => take());
  } catch (error) {
    throw corrupt(error);
  }
}
