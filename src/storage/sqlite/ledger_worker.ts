import { Failure, messageOf } from "../../base/failure.ts";
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

/** The answer; `failure` has what a {@link Failure} is made of. */
export type LedgerReply =
  & { call: number }
  & (
    | { ok: true; value: unknown }
    | { ok: false; failure: Pick<Failure, "kind" | "code" | "message" | "hint" | "details"> }
  );

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
    port.postMessage({ call, ok: false, failure: partsOf(error) });
  }
};

function partsOf(error: unknown) {
  const failure = error instanceof Failure
    ? error
    : new Failure("internal", "storage-error", messageOf(error));
  const { kind, code, message, hint, details } = failure;
  return { kind, code, message, hint, details };
}
