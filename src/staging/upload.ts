import { z } from "zod";

/** What is kept of an unfinished upload, as JSON beside its bytes. */
export const uploadInfoSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  /** The file's name in Unicode NFC. */
  name: z.string(),
  /** Bytes that the finished file will have. */
  length: z.int().nonnegative(),
  /** Lower-case hex of what the customer says it sends; null when it does not say. */
  sha256: z.string().nullable(),
  batch: z.string().nullable(),
  /** False for a file that the server already had: it takes no place in its batch. */
  counted: z.boolean(),
  /** `Upload-Metadata` as it was sent, for HEAD. */
  metadata: z.string(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** Bytes from here on came in a request with a checksum that was not compared yet. */
  uncheckedFrom: z.int().nonnegative().optional(),
  /** The step of a trace in which the upload was begun. */
  traceparent: z.string().optional(),
});
export type UploadInfo = z.infer<typeof uploadInfoSchema>;

/** Whoever is receiving bytes for an upload, or finishing it. */
export interface Holder {
  /** Milliseconds since the epoch of the last sign of life. */
  activeAt: number;
  /** Asks the holder to end early and keep what it has. */
  interrupt(): void;
  /** Resolves when the holder has let go. */
  released: Promise<void>;
}

/** An unfinished upload as the server knows it while it runs. */
export class Upload {
  info: UploadInfo;
  /** Bytes that are on disk. */
  offset: number;
  /** When bytes came last, in milliseconds since the epoch. */
  touchedAt: number;
  holder: Holder | null = null;

  constructor(info: UploadInfo, offset = 0, touchedAt = info.createdAt) {
    this.info = info;
    this.offset = offset;
    this.touchedAt = touchedAt;
  }

  get complete(): boolean {
    return this.offset === this.info.length;
  }
}
