import { Failure, messageOf } from "../../base/failure.ts";
import { type PlainFailure, plainOf } from "../../base/thread_work.ts";
import type { LedgerReader } from "../contract.ts";
import { openLedgerReader } from "./ledger_reader.ts";

/** The queries that can take long. */
export type SlowQuery = "list" | "rejects" | "counts";

/** A query of the ledger at `path`. */
export interface LedgerRequest {
  call: number;
  path: string;
  query: SlowQuery;
  args: unknown[];
}

export type LedgerReply =
  & { call: number }
  & ({ ok: true; value: unknown } | { ok: false; failure: PlainFailure });

interface Port {
  onmessage: ((event: MessageEvent<LedgerRequest>) => void) | null;
  postMessage(reply: LedgerReply): void;
}

let reader: LedgerReader | null = null;
const port = self as unknown as Port;
port.onmessage = async ({ data: { call, path, query, args } }) => {
  try {
    reader ??= openLedgerReader(path);
    const ask = reader[query].bind(reader) as (...args: unknown[]) => Promise<unknown>;
    const value = await ask(...args);
    port.postMessage({ call, ok: true, value });
  } catch (error) {
    port.postMessage({ call, ok: false, failure: plainOf(known(error)) });
  }
};

function known(error: unknown): Failure {
  return error instanceof Failure
    ? error
    : new Failure("internal", "storage-error", messageOf(error));
}
