import { shortened } from "../base/shortened.ts";
import { join } from "node:path";
import { keepOwner } from "../base/owner.ts";
import { systemClock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";
import {
  fsyncFolder,
  listFolder,
  orNull,
  readJson,
  removeIfThere,
  statIfThere,
  writeDurably,
} from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import { DiskState } from "../data/disk_state.ts";
import type { Layout } from "../data/layout.ts";
import { FairTurns } from "./fair_turns.ts";
import { findSidecar } from "./sidecar.ts";
import { type Holder, Upload, type UploadInfo, uploadInfoSchema } from "./upload.ts";
import { UploadThread } from "./upload_thread.ts";
import { UploadWriter, type WriterOptions } from "./upload_writer.ts";

export interface UploadsOptions {
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Milliseconds from its last byte until an upload expires; without a byte at most an hour. @default 24 hours */
  expiryMs?: number;
  /** Milliseconds without progress after which another request may take over an upload. @default 2,000 */
  takeoverMs?: number;
  /** Whether there is room. @default one that is asked about the data directory */
  disk?: DiskState;
}

/** Looking at a tenant's uploads for this many milliseconds can be repeated at once. */
const QUICK_MS = 50;
/** Otherwise it is repeated after this multiple of the time that it took. */
const REFRESH_SHARE = 10;
/** Milliseconds until an upload without a byte expires. */
const EMPTY_EXPIRY_MS = 60 * 60 * 1000;

/**
 * The unfinished uploads: the bytes in `uploads/<id>`, the record in `uploads/<id>.json`. The index
 * in memory is read from disk at start. No file stays open between requests.
 */
export class Uploads {
  readonly #layout: Layout;
  readonly #thread = new UploadThread();
  readonly #index = new Map<string, Upload>();
  /** The same by tenant, oldest first. */
  readonly #ofTenant = new Map<string, Set<Upload>>();
  /** Those that a request is changing. */
  readonly #held = new Set<Upload>();
  readonly #refreshing = new Map<string, Promise<void>>();
  /** When a tenant's uploads may be looked at again, in milliseconds of the monotonic clock. */
  readonly #nextRefresh = new Map<string, number>();
  readonly #now: () => number;
  readonly #expiryMs: number;
  readonly #takeoverMs: number;
  readonly #disk: DiskState;
  /** Of what is synced to the disk, apart from bodies. */
  readonly #turns = new FairTurns();

  constructor(layout: Layout, options: UploadsOptions = {}) {
    this.#layout = layout;
    this.#now = options.now ?? Date.now;
    this.#expiryMs = options.expiryMs ?? 24 * 60 * 60 * 1000;
    this.#takeoverMs = options.takeoverMs ?? 2000;
    this.#disk = options.disk ?? new DiskState({ folders: layout.disks });
  }

  get size(): number {
    return this.#index.size;
  }

  /** An upload that can be resumed; null when it is unknown or expired. */
  get(id: string): Upload | null {
    const upload = this.#index.get(id);
    if (!upload) return null;
    const isKept = upload.holder || upload.complete || this.expiresAt(upload) > this.#now();
    return isKept ? upload : null;
  }

  /** A tenant's unfinished uploads, oldest first. */
  list(tenant: string): Upload[] {
    return [...this.#ofTenant.get(tenant) ?? []].filter((u) => this.get(u.info.id) !== null);
  }

  /** The number of a tenant's unfinished uploads, with those that have expired and are not removed yet. */
  count(tenant: string): number {
    return this.#ofTenant.get(tenant)?.size ?? 0;
  }

  /**
   * Uploads with all their bytes whose hand-off has not ended and is not running.
   * @param tenant only its uploads
   */
  complete(tenant?: string): Upload[] {
    const uploads = tenant === undefined ? this.#index.values() : this.#ofTenant.get(tenant) ?? [];
    return [...uploads].filter((u) => u.complete && !u.holder);
  }

  /** Milliseconds since the epoch. Without a byte an upload expires sooner: it is probably abandoned. */
  expiresAt(upload: Upload): number {
    const ms = upload.offset === 0 ? Math.min(EMPTY_EXPIRY_MS, this.#expiryMs) : this.#expiryMs;
    return upload.touchedAt + ms;
  }

  /**
   * Creates an upload. It counts before the first `await`, so that two concurrent requests cannot
   * both take the last place in a batch.
   * @throws {Failure} `no-space`, `too-busy`
   */
  async create(info: UploadInfo): Promise<Upload> {
    const upload = new Upload(info);
    this.#add(upload);
    try {
      await this.#turns.run(info.tenant, () => this.#createFiles(upload));
    } catch (error) {
      await this.remove(upload);
      throw this.#disk.explain(error);
    }
    return upload;
  }

  async #createFiles(upload: Upload): Promise<void> {
    const { id, length } = upload.info;
    await this.#disk.require(length + this.#expected(upload));
    const path = this.#layout.upload(id);
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    keepOwner(path);
    const seen = seenOf(await file.stat());
    await this.#saveInfo(upload);
    // From here on, an upload without its files is one that somebody else has removed.
    upload.seen = seen;
  }

  /** Bytes that the requests of other uploads are still going to write. */
  #expected(upload: Upload): number {
    let bytes = 0;
    for (const other of this.#held) {
      if (other !== upload) bytes += other.info.length - other.offset;
    }
    return bytes;
  }

  /**
   * Runs work that changes or finishes an upload, while no other request does. A holder without
   * progress is interrupted first. The upload is then as it is on the disk.
   * @throws {Failure} `upload-locked`; `upload-not-found` when the upload was removed, or its bytes
   */
  async hold<T>(upload: Upload, work: (holder: Holder) => Promise<T>): Promise<T> {
    const other = upload.holder;
    if (other && systemClock.monotonic() - other.activeAt >= this.#takeoverMs) {
      other.interrupt();
      await other.released;
    }
    if (upload.holder) throw locked(upload);
    if (this.#index.get(upload.info.id) !== upload) throw uploadNotFound(upload.info.id);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const holder: Holder = { activeAt: systemClock.monotonic(), interrupt: () => {}, released };
    upload.holder = holder;
    this.#held.add(upload);
    try {
      await this.#trustDisk(upload);
      return await work(holder);
    } finally {
      upload.holder = null;
      this.#held.delete(upload);
      release();
    }
  }

  /**
   * Forgets idle uploads of a tenant whose bytes were removed by somebody else. Many uploads are looked
   * at less often: it takes two system calls for each.
   */
  async refresh(tenant: string): Promise<void> {
    const running = this.#refreshing.get(tenant);
    if (running) return await running;
    const start = systemClock.monotonic();
    if (start < (this.#nextRefresh.get(tenant) ?? 0)) return;
    const refreshing = this.#refresh(tenant).finally(() => {
      this.#refreshing.delete(tenant);
      const end = systemClock.monotonic();
      if (end - start < QUICK_MS) this.#nextRefresh.delete(tenant);
      else this.#nextRefresh.set(tenant, end + REFRESH_SHARE * (end - start));
    });
    this.#refreshing.set(tenant, refreshing);
    await refreshing;
  }

  async #refresh(tenant: string): Promise<void> {
    for (const upload of [...this.#ofTenant.get(tenant) ?? []]) {
      // One that is just being created has no file yet.
      if (upload.holder || upload.complete || upload.seen === null) continue;
      const bytes = await this.#look(upload);
      // A request may have begun meanwhile; it looks itself.
      if (upload.holder || this.#index.get(upload.info.id) !== upload) continue;
      if (bytes === null) await this.remove(upload);
      else this.#adjust(upload, bytes);
    }
  }

  /**
   * Adds bytes that were written to the upload's offset.
   * @throws {Failure} `upload-not-found` when the file was changed while they were written
   */
  async stored(upload: Upload, received: number): Promise<void> {
    const bytes = await this.#look(upload);
    const isSame = upload.seen === null || bytes?.ino === upload.seen.ino;
    if (bytes?.size !== upload.offset + received || !isSame) {
      await this.remove(upload);
      throw uploadNotFound(upload.info.id);
    }
    upload.offset += received;
    upload.seen = seenOf(bytes);
    upload.touchedAt = this.#now();
  }

  /**
   * Opens an upload to append bytes; only for its holder. They are hashed when they are written,
   * unless `onBytes` checks them first.
   */
  async openWriter(upload: Upload, onBytes?: WriterOptions["onBytes"]): Promise<UploadWriter> {
    const path = this.#layout.upload(upload.info.id);
    const { offset, info } = upload;
    const options = { start: offset, expected: info.length - offset, onBytes };
    const writer = await orNull(UploadWriter.open(path, this.#thread, options));
    if (writer === null) throw uploadNotFound(info.id);
    return writer;
  }

  /** Cuts off bytes after the upload's offset. */
  async cutOff(upload: Upload): Promise<void> {
    const path = this.#layout.upload(upload.info.id);
    this.#thread.forget(path);
    upload.seen = null;
    await orNull(Deno.truncate(path, upload.offset));
  }

  /** Records durably whether bytes after the current offset still have to be checked. */
  async markUnchecked(upload: Upload, unchecked: boolean): Promise<void> {
    const { uncheckedFrom, ...info } = upload.info;
    if (uncheckedFrom === (unchecked ? upload.offset : undefined)) return;
    upload.info = unchecked ? { ...info, uncheckedFrom: upload.offset } : info;
    await this.#turns.run(info.tenant, () => this.#saveInfo(upload));
  }

  /** Records the customer's SHA-256 durably; lower-case hex. */
  async noteSha256(upload: Upload, sha256: string): Promise<void> {
    upload.info = { ...upload.info, sha256 };
    await this.#turns.run(upload.info.tenant, () => this.#saveInfo(upload));
  }

  /** The lower-case hex SHA-256 of a complete upload. */
  sha256(upload: Upload): Promise<string> {
    return this.#thread.digest(this.#layout.upload(upload.info.id), upload.info.length);
  }

  /** Removes an upload and its bytes. */
  async remove(upload: Upload): Promise<void> {
    const { id } = upload.info;
    this.#index.delete(id);
    const own = this.#ofTenant.get(upload.info.tenant);
    own?.delete(upload);
    if (own?.size === 0) this.#ofTenant.delete(upload.info.tenant);
    this.#thread.forget(this.#layout.upload(id));
    // The record first: bytes without a record are removed at the next start.
    await removeIfThere(this.#layout.uploadInfo(id));
    const bytes = await statIfThere(this.#layout.upload(id));
    if (bytes && !bytes.isDirectory) await removeIfThere(this.#layout.upload(id));
  }

  /** Removes the incomplete uploads that have expired. @returns how many */
  async expire(): Promise<number> {
    for (const tenant of [...this.#ofTenant.keys()]) await this.refresh(tenant);
    const now = this.#now();
    const old = [...this.#index.values()].filter((u) =>
      !u.holder && !u.complete && this.expiresAt(u) <= now
    );
    for (const upload of old) await this.remove(upload);
    return old.length;
  }

  /** Interrupts all requests that are receiving bytes, and waits until they have ended. */
  async interruptAll(): Promise<void> {
    const holders = [...this.#held].flatMap((u) => u.holder ?? []);
    for (const holder of holders) holder.interrupt();
    await Promise.all(holders.map((holder) => holder.released));
  }

  /** Ends the thread. */
  close(): void {
    this.#thread.close();
  }

  /** Reads the uploads of an earlier run, and removes unusable files. */
  async load(): Promise<void> {
    const { uploads } = this.#layout;
    const entries = await listFolder(uploads);
    const names = entries.filter(({ isFile }) => isFile).map(({ name }) => name).sort();
    for (const name of names) {
      const [, id = ""] = /^(.*)\.json$/.exec(name) ?? [];
      const upload = isFileId(id) ? await this.#loadOne(id) : null;
      if (upload) this.#add(upload);
    }
    for (const name of names) {
      const isKnown = this.#index.has(name.replace(/\.json$/, ""));
      if (!isKnown) await removeIfThere(join(uploads, name));
    }
    await fsyncFolder(uploads);
  }

  /** The bytes of an upload on the disk; null when they or the record of an incomplete one are gone. */
  async #look({ info: { id }, complete }: Upload): Promise<Deno.FileInfo | null> {
    const bytes = await statIfThere(this.#layout.upload(id));
    if (!bytes?.isFile) return null;
    return complete || await statIfThere(this.#layout.uploadInfo(id)) ? bytes : null;
  }

  /** Makes the upload as it is on the disk: other programs may have removed, cut or added bytes. */
  async #trustDisk(upload: Upload): Promise<void> {
    const { id, tenant } = upload.info;
    const bytes = await this.#look(upload);
    if (bytes === null) {
      // The hand-off was interrupted after the file had reached staging; it can still be completed.
      if (upload.complete && await findSidecar(this.#layout, tenant, id)) return;
      await this.remove(upload);
      throw uploadNotFound(id);
    }
    if (bytes.size !== upload.offset && isLinked(bytes)) {
      // These are the bytes of a file in staging, which must not change.
      await this.remove(upload);
      throw uploadNotFound(id);
    }
    this.#adjust(upload, bytes);
    if (bytes.size > upload.offset) await this.cutOff(upload);
  }

  #adjust(upload: Upload, bytes: Deno.FileInfo): void {
    const now = seenOf(bytes);
    const { seen } = upload;
    if (seen !== null && (seen.ino !== now.ino || seen.mtime !== now.mtime)) {
      this.#thread.forget(this.#layout.upload(upload.info.id));
    }
    upload.seen = now;
    upload.offset = Math.min(upload.offset, bytes.size);
  }

  #add(upload: Upload): void {
    const { id, tenant } = upload.info;
    this.#index.set(id, upload);
    this.#ofTenant.set(tenant, (this.#ofTenant.get(tenant) ?? new Set()).add(upload));
  }

  async #saveInfo({ info }: Upload): Promise<void> {
    await writeDurably(this.#layout.uploadInfo(info.id), JSON.stringify(info));
  }

  async #loadOne(id: string): Promise<Upload | null> {
    const parsed = uploadInfoSchema.safeParse(await readJson(this.#layout.uploadInfo(id)));
    const stat = await orNull(Deno.lstat(this.#layout.upload(id)));
    if (!parsed.success || parsed.data.id !== id || !stat?.isFile) return null;
    const info = parsed.data;
    const end = Math.min(stat.size, info.uncheckedFrom ?? stat.size, info.length);
    // A second link means that the file was already handed over: it must not change any more.
    const handedOver = isLinked(stat);
    if (!handedOver && end < stat.size) await Deno.truncate(this.#layout.upload(id), end);
    const offset = handedOver ? stat.size : end;
    // A time in the future must not keep it for ever: the clock was set back.
    const touchedAt = Math.min(stat.mtime?.getTime() ?? info.createdAt, this.#now());
    const upload = new Upload(info, offset, touchedAt);
    upload.seen = seenOf(await Deno.lstat(this.#layout.upload(id)));
    return upload;
  }
}

/** Whether the file has a second name: it was handed over to staging. */
function isLinked({ nlink }: Deno.FileInfo): boolean {
  return (nlink ?? 1) > 1;
}

function seenOf({ ino, mtime }: Deno.FileInfo): { ino: number | null; mtime: number } {
  return { ino, mtime: mtime?.getTime() ?? 0 };
}

/** The failure of a request for an upload that does not exist, or belongs to another tenant. */
export function uploadNotFound(id: string): Failure {
  return new Failure(
    "refused",
    "upload-not-found",
    `Cannot find upload ${JSON.stringify(shortened(id, 100))}`,
    {
      hint: "It may have expired or been terminated. Create a new upload.",
    },
  );
}

function locked(upload: Upload): Failure {
  const text = `Cannot change upload "${upload.info.id}": another request is sending to it`;
  return new Failure("refused", "upload-locked", text, {
    hint: "Try again when that request has ended.",
  });
}
