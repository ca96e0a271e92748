/**
 * A finished file that `serve` has handed over: `staging/<tenant>/<id>` holds its bytes and
 * `staging/<tenant>/.<id>.json` this record. The record is durable before the bytes appear.
 */
export interface StagedFile {
  id: string;
  tenant: string;
  /** The name the customer gave it; never used as a path. */
  name: string;
  /** 1 for the first content under this name, 2 for the next. */
  version: number;
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  sha256: string;
  batch: string | null;
  /** Milliseconds since the epoch. */
  receivedAt: number;
  /** The step of a trace in which it was sent, for `manage` to go on with. */
  traceparent?: string | undefined;
}
