import { z } from "zod";

/** The record of an unfinished upload, as JSON beside its bytes. */
export const uploadInfoSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  /** The file's name in Unicode NFC. */
  name: z.string(),
  /** Bytes of the finished file. */
  length: z.int().nonnegative(),
  /** The customer's SHA-256 in lower-case hex; null when not given. */
  sha256: z.string().nullable(),
  batch: z.string().nullable(),
  /** False for a file that the server already had: it does not count in its batch. */
  counted: z.boolean(),
  /** `Upload-Metadata` as sent, for HEAD. */
  metadata: z.string(),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  /** The offset of bytes whose checksum has not been compared yet. */
  uncheckedFrom: z.int().nonnegative().optional(),
  /** The span in which the upload was created. */
  traceparent: z.string().optional(),
});
export type UploadInfo = z.infer<typeof uploadInfoSchema>;

/** The request that is receiving bytes for an upload, or finishing it. */
export interface Holder {
  /** When it last made progress, in milliseconds of the monotonic clock. */
  activeAt: number;
  /** Asks the request to end early and to keep the bytes received so far. */
  interrupt(): void;
  /** Resolves when the request has released the upload. */
  released: Promise<void>;
}

/** An unfinished upload in memory. */
export class Upload {
  info: UploadInfo;
  /** Bytes that are on disk. */
  offset: number;
  /** When bytes last arrived, in milliseconds since the epoch. */
  touchedAt: number;
  holder: Holder | null = null;
  /** The file with the bytes as it was last seen; null when that is not known. */
  seen: { ino: number | null; mtime: number } | null = null;

  constructor(info: UploadInfo, offset = 0, touchedAt = info.createdAt) {
    this.info = info;
    this.offset = offset;
    this.touchedAt = touchedAt;
  }

  get complete(): boolean {
    return this.offset === this.info.length;
  }
}
