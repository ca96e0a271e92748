import { join } from "node:path";
import { Failure } from "../base/failure.ts";
import { fsyncFolder, orNull, removeIfThere, writeDurably } from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import { explainFullDisk, requireSpace } from "../data/free_space.ts";
import type { Layout } from "../data/layout.ts";
import { type Holder, Upload, type UploadInfo, uploadInfoSchema } from "./upload.ts";
import { UploadThread } from "./upload_thread.ts";
import { UploadWriter, type WriterOptions } from "./upload_writer.ts";

/** How unfinished uploads are kept. */
export interface UploadsOptions {
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Milliseconds after its last byte until an upload is dropped. @default 24 hours */
  expiryMs?: number;
  /** Milliseconds of silence after which a second request may take an upload over. @default 2,000 */
  takeoverMs?: number;
  /** Bytes of the disk that uploads leave free. @default 16 MiB */
  reserveBytes?: number;
}

/**
 * The unfinished uploads: `uploads/<id>` holds the bytes and `uploads/<id>.json` what is known of
 * them. The index is in memory and is read from disk at start. No file is kept open between
 * requests.
 */
export class Uploads {
  readonly #layout: Layout;
  readonly #thread = new UploadThread();
  readonly #index = new Map<string, Upload>();
  readonly #now: () => number;
  readonly #expiryMs: number;
  readonly #takeoverMs: number;
  readonly #reserveBytes: number;

  constructor(layout: Layout, options: UploadsOptions = {}) {
    this.#layout = layout;
    this.#now = options.now ?? Date.now;
    this.#expiryMs = options.expiryMs ?? 24 * 60 * 60 * 1000;
    this.#takeoverMs = options.takeoverMs ?? 2000;
    this.#reserveBytes = options.reserveBytes ?? 16 * 1024 * 1024;
  }

  get size(): number {
    return this.#index.size;
  }

  /** An upload that can be gone on with; an expired one is as good as gone. */
  get(id: string): Upload | null {
    const upload = this.#index.get(id);
    if (!upload) return null;
    const isKept = upload.holder || upload.complete || this.expiresAt(upload) > this.#now();
    return isKept ? upload : null;
  }

  /** A tenant's unfinished uploads, oldest first. */
  list(tenant: string): Upload[] {
    return [...this.#index.values()].filter((u) =>
      u.info.tenant === tenant && this.get(u.info.id) !== null
    );
  }

  /** Uploads that have all their bytes and whose hand-off did not end; nobody holds them. */
  complete(): Upload[] {
    return [...this.#index.values()].filter((u) => u.complete && !u.holder);
  }

  /** Milliseconds since the epoch. */
  expiresAt(upload: Upload): number {
    return upload.touchedAt + this.#expiryMs;
  }

  /**
   * Begins an upload. It is counted before the first wait, so that two at once cannot both take the
   * last place in a batch.
   * @throws {Failure} `no-space`
   */
  async create(info: UploadInfo): Promise<Upload> {
    const upload = new Upload(info);
    this.#index.set(info.id, upload);
    try {
      await requireSpace(this.#layout.uploads, info.length, this.#reserveBytes);
      const path = this.#layout.upload(info.id);
      (await Deno.open(path, { write: true, createNew: true, mode: 0o600 })).close();
      await writeDurably(this.#layout.uploadInfo(info.id), JSON.stringify(info));
    } catch (error) {
      await this.remove(upload);
      throw explainFullDisk(error);
    }
    return upload;
  }

  /**
   * Runs work that changes an upload or finishes it; nobody else does so meanwhile. A holder from
   * whom nothing was heard for a while is told to end.
   * @throws {Failure} `upload-locked`, and `upload-not-found` when it ended while we waited
   */
  async hold<T>(upload: Upload, work: (holder: Holder) => Promise<T>): Promise<T> {
    const other = upload.holder;
    if (other && this.#now() - other.activeAt >= this.#takeoverMs) {
      other.interrupt();
      await other.released;
    }
    if (upload.holder) throw locked(upload);
    if (this.#index.get(upload.info.id) !== upload) throw uploadNotFound(upload.info.id);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const holder: Holder = { activeAt: this.#now(), interrupt: () => {}, released };
    upload.holder = holder;
    try {
      return await work(holder);
    } finally {
      upload.holder = null;
      release();
    }
  }

  /**
   * Opens an upload for more bytes behind those it has; the holder's work. They are hashed as they
   * are written, unless they are to be checked first.
   */
  openWriter(upload: Upload, onBytes?: WriterOptions["onBytes"]): Promise<UploadWriter> {
    const path = this.#layout.upload(upload.info.id);
    const { offset, info } = upload;
    const options = { start: offset, expected: info.length - offset, onBytes };
    return UploadWriter.open(path, this.#thread, options);
  }

  /** Cuts off bytes behind those that the upload has. */
  async cutOff(upload: Upload): Promise<void> {
    const path = this.#layout.upload(upload.info.id);
    this.#thread.forget(path);
    await Deno.truncate(path, upload.offset);
  }

  /** Notes durably that bytes behind the present offset are not to be trusted, or that they are. */
  async markUnchecked(upload: Upload, unchecked: boolean): Promise<void> {
    const { uncheckedFrom, ...info } = upload.info;
    if (uncheckedFrom === (unchecked ? upload.offset : undefined)) return;
    upload.info = unchecked ? { ...info, uncheckedFrom: upload.offset } : info;
    await writeDurably(this.#layout.uploadInfo(info.id), JSON.stringify(upload.info));
  }

  /** Notes durably what the customer says the SHA-256 is; lower-case hex. */
  async noteSha256(upload: Upload, sha256: string): Promise<void> {
    upload.info = { ...upload.info, sha256 };
    await writeDurably(this.#layout.uploadInfo(upload.info.id), JSON.stringify(upload.info));
  }

  /** The lower-case hex SHA-256 of a complete upload. */
  sha256(upload: Upload): Promise<string> {
    return this.#thread.digest(this.#layout.upload(upload.info.id), upload.info.length);
  }

  /** Drops an upload and its bytes. */
  async remove(upload: Upload): Promise<void> {
    const { id } = upload.info;
    this.#index.delete(id);
    this.#thread.forget(this.#layout.upload(id));
    // Bytes without a record are dropped at start; a record without bytes would be taken up.
    await removeIfThere(this.#layout.uploadInfo(id));
    await removeIfThere(this.#layout.upload(id));
  }

  /** Drops the incomplete uploads that nobody went on with in time; says how many. */
  async expire(): Promise<number> {
    const now = this.#now();
    const old = [...this.#index.values()].filter((u) =>
      !u.holder && !u.complete && this.expiresAt(u) <= now
    );
    for (const upload of old) await this.remove(upload);
    return old.length;
  }

  /** Asks whoever is receiving bytes to end and keep them; waits until they have. */
  async interruptAll(): Promise<void> {
    const holders = [...this.#index.values()].flatMap((u) => u.holder ?? []);
    for (const holder of holders) holder.interrupt();
    await Promise.all(holders.map((holder) => holder.released));
  }

  /** Ends the thread that writes and hashes. */
  close(): void {
    this.#thread.close();
  }

  /** Reads what an earlier run left, and removes what of it is of no use. */
  async load(): Promise<void> {
    const found: Upload[] = [];
    for await (const entry of Deno.readDir(this.#layout.uploads)) {
      const id = entry.name.replace(/\.json$/, "");
      const isRecord = id !== entry.name && isFileId(id);
      const upload = isRecord ? await this.#loadOne(id) : null;
      if (upload) found.push(upload);
    }
    found.sort((a, b) => a.info.id < b.info.id ? -1 : 1);
    for (const upload of found) this.#index.set(upload.info.id, upload);
    for await (const entry of Deno.readDir(this.#layout.uploads)) {
      const known = this.#index.has(entry.name.replace(/\.json$/, ""));
      if (!known && entry.isFile) {
        await removeIfThere(join(this.#layout.uploads, entry.name));
      }
    }
    await fsyncFolder(this.#layout.uploads);
  }

  async #loadOne(id: string): Promise<Upload | null> {
    const text = await Deno.readTextFile(this.#layout.uploadInfo(id));
    const parsed = uploadInfoSchema.safeParse(safeJson(text));
    const stat = await orNull(Deno.lstat(this.#layout.upload(id)));
    if (!parsed.success || parsed.data.id !== id || !stat?.isFile) return null;
    const info = parsed.data;
    const end = Math.min(stat.size, info.uncheckedFrom ?? stat.size, info.length);
    // A second link means that the file was handed over already: it must not change any more.
    const handedOver = (stat.nlink ?? 1) > 1;
    if (!handedOver && end < stat.size) await Deno.truncate(this.#layout.upload(id), end);
    return new Upload(info, handedOver ? stat.size : end, stat.mtime?.getTime() ?? info.createdAt);
  }
}

/** The failure of a request for an upload that is not there, or is not the caller's. */
export function uploadNotFound(id: string): Failure {
  const hint = "It may have expired, or have been ended: begin a new upload.";
  return new Failure("refused", "upload-not-found", `Cannot find upload ${JSON.stringify(id)}`, {
    hint,
  });
}

function locked(upload: Upload): Failure {
  return new Failure(
    "refused",
    "upload-locked",
    `Cannot change upload "${upload.info.id}": another request is sending to it`,
    { hint: "Wait until that request has ended." },
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
