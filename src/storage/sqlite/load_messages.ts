import { Failure, type FailureKind, type FailureOptions } from "../../base/failure.ts";
import type { TableSpec } from "../../batch/column.ts";
import type { BeginOptions, LoadResult } from "../contract.ts";
import type { LoadLimits } from "./load_room.ts";

/** What a load writes, and where. */
export interface LoadTarget {
  /** Of the tenant's database. */
  path: string;
  fileId: string;
  tables: TableSpec[];
  replaces: BeginOptions["replaces"] | undefined;
  /** The time of the replay that it is for, ms since the epoch. */
  replayedAt: number | null;
  limits: LoadLimits;
}

/** What a load has done so far. */
export interface LoadProgress {
  /** The number of rows. */
  written: number;
  /** The ids of the earlier versions of the file whose rows are removed with the commit. */
  replacedFiles: readonly string[];
  /** Bytes of the disk that the load takes at its end. */
  usedBytes: number;
}

/** From the host to the load worker, which answers each with one {@link LoadReply}, in order. */
export type LoadRequest =
  /** Open the tenant's database and start the transaction. */
  | { type: "begin" } & LoadTarget
  | { type: "batch"; bytes: Uint8Array }
  | { type: "flush" }
  | { type: "commit"; result: LoadResult }
  /** Roll back and close; allowed without a `begin`. */
  | { type: "abort" };

/** From the load worker to the host. */
export type LoadReply = LoadProgress | { failure: PlainFailure };

/** A {@link Failure} in a message between threads, which cannot contain classes. */
interface PlainFailure {
  kind: FailureKind;
  code: string;
  message: string;
  hint: string | undefined;
  details: FailureOptions["details"];
}

export function plainFailure({ kind, code, message, hint, details }: Failure): PlainFailure {
  return { kind, code, message, hint, details };
}

export function failureOf({ kind, code, message, hint, details }: PlainFailure): Failure {
  return new Failure(kind, code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  });
}
