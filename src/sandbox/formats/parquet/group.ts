import type { FileMetaData, RowGroup, SchemaTree } from "hyparquet";
import type { TimestampKind } from "../logical_time.ts";
import { corrupt, unreadableColumn } from "./failures.ts";
import { Leaf, type OnFault } from "./leaf.ts";
import { type TakeValue, valueTaker } from "./record.ts";
import { converterOf } from "./value.ts";

/** An opened file: its bytes, its metadata, and its leaf columns in order. */
export interface ParquetFile {
  bytes: Uint8Array;
  metadata: FileMetaData;
  schema: SchemaTree;
  leaves: SchemaTree[];
}

/** Columns of one row group. */
interface Place {
  file: ParquetFile;
  group: RowGroup;
  columns: readonly SchemaTree[];
  /** The number of the group's first row in the file. */
  startRow: number;
}

interface Taken {
  fields: unknown[];
  /** Why the record cannot be used, and the number of the field, from 1. */
  fault: { column: number; reason: string } | null;
}

/** Reads the records of one row group, one after the other. */
export class GroupReader {
  readonly #place: Place;
  readonly #timestamps: TimestampKind["as"];
  readonly #takers: TakeValue[];
  readonly #leaves: Leaf[] = [];
  #fault: Taken["fault"] = null;

  /** @throws {Failure} `parquet-corrupt`, `parquet-checksum`, `parquet-column` */
  constructor(place: Place, timestamps: TimestampKind["as"]) {
    this.#place = place;
    this.#timestamps = timestamps;
    try {
      this.#takers = place.columns.map((column, at) => {
        const onFault = (reason: string) => this.#fault ??= { column: at + 1, reason };
        return valueTaker(column, (node) => this.#open(node, onFault));
      });
    } catch (error) {
      throw corrupt(error);
    }
  }

  /** @throws {Failure} `parquet-corrupt`, `parquet-checksum` */
  take(): Taken {
    this.#fault = null;
    try {
      const fields = this.#takers.map((take) => take());
      return { fields, fault: this.#fault };
    } catch (error) {
      throw corrupt(error);
    }
  }

  /** Checks that nothing is left. @throws {Failure} `parquet-corrupt` */
  end(): void {
    if (this.#leaves.every(({ isEnd }) => isEnd)) return;
    throw corrupt(new Error("a column has more values than the file has rows"));
  }

  #open(node: SchemaTree, onFault: OnFault): Leaf {
    const { file: { bytes, schema, leaves }, group, startRow } = this.#place;
    const name = node.path.join(".");
    const chunk = group.columns[leaves.indexOf(node)];
    if (chunk === undefined) throw new Error(`a row group lacks the column "${name}"`);
    if (chunk.file_path) throw unreadableColumn(name, `it is in the file "${chunk.file_path}"`);
    if (!chunk.meta_data || chunk.crypto_metadata) throw unreadableColumn(name, "it is encrypted");
    const where = { file: bytes, name, startRow, metadata: chunk.meta_data };
    const convert = converterOf(node.element, this.#timestamps);
    const leaf = new Leaf({ ...where, ...levelsOf(schema, node) }, convert, onFault);
    this.#leaves.push(leaf);
    return leaf;
  }
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
