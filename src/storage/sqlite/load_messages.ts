import { Failure, type FailureKind, type FailureOptions } from "../../base/failure.ts";
import type { TableSpec } from "../../batch/column.ts";
import type { LoadResult } from "../contract.ts";

/** From the host to the load worker, which answers each with one {@link LoadReply}, in order. */
export type LoadRequest =
  /** Open the tenant's database and start the transaction. */
  | { type: "begin"; path: string; fileId: string; tables: TableSpec[] }
  | { type: "batch"; bytes: Uint8Array }
  | { type: "flush" }
  | { type: "commit"; result: LoadResult }
  /** Roll back and close; allowed without a `begin`. */
  | { type: "abort" };

/** From the load worker to the host; `written` is the number of rows so far. */
export type LoadReply = { written: number } | { failure: PlainFailure };

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
