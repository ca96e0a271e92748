/**
 * The record of a file that `serve` has handed over: the bytes are in `staging/<tenant>/<id>`, this
 * record in `staging/<tenant>/.<id>.json`. The record is durable before the bytes appear.
 */
export interface StagedFile {
  id: string;
  tenant: string;
  /** The customer's name for it; never used as a path. */
  name: string;
  /** 1 for the first content with this name, 2 for the next. */
  version: number;
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  sha256: string;
  batch: string | null;
  /** Milliseconds since the epoch. */
  receivedAt: number;
  /** The span in which it was sent; `manage` continues its trace. */
  traceparent?: string | undefined;
}
