import { Failure, type FailureKind, type FailureOptions } from "../../base/failure.ts";
import type { TableSpec } from "../../batch/column.ts";
import type { LoadReceipt } from "../contract.ts";

/** host → load worker. Each is answered by one {@link LoadReply}, in order. */
export type LoadRequest =
  /** Open the tenant's database and start the transaction. */
  | { type: "begin"; path: string; fileId: string; tables: TableSpec[] }
  | { type: "batch"; bytes: Uint8Array }
  | { type: "flush" }
  | { type: "commit"; receipt: LoadReceipt }
  /** Take everything back and close; answered also where nothing was begun. */
  | { type: "abort" };

/** Rows written by the load so far. */
export interface LoadTotals {
  written: number;
  /** Of `written`, rows that took the place of another with their key. */
  replaced: number;
}

/** load worker → host */
export type LoadReply = { totals: LoadTotals } | { failure: PlainFailure };

/** A {@link Failure} as it crosses between threads, where classes get lost. */
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
