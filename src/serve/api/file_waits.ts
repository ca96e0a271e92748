import { systemClock } from "../../base/clock.ts";
import { listReadable } from "../../data/durable.ts";
import type { DiskState } from "../../data/disk_state.ts";
import { isFileId } from "../../data/file_id.ts";
import type { Layout } from "../../data/layout.ts";
import type { ModuleStore } from "../../modules/store.ts";
import { type FileView, isFinal, type Waiting } from "../../protocol/file_view.ts";
import { type ManageState, readManageState } from "../../telemetry/manage_state.ts";

interface FileWaitsDeps {
  layout: Layout;
  disk: Pick<DiskState, "shortage">;
  store: Pick<ModuleStore, "currentVersion">;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** @default the system's */
  monotonic?: () => number;
}

type WaitingFile = Pick<FileView, "state" | "id" | "nextTryAt" | "reason">;

/** More files ahead are not counted. */
const MAX_AHEAD = 1_000;
/** Milliseconds for which an answer is used again: many clients may follow their files. */
const CACHE_MS = 1_000;

/** Finds out what files wait for, from what is on the disk: `manage` may not be running. */
export class FileWaits {
  readonly #deps: FileWaitsDeps;
  readonly #manage = new Cached<ManageState | null>();
  /** The waiting files of a tenant, oldest first. */
  readonly #queues = new Cached<string[]>();

  constructor(deps: FileWaitsDeps) {
    this.#deps = { monotonic: systemClock.monotonic, ...deps };
  }

  /**
   * What each of a tenant's files waits for; null for those that have ended or are loading. One that
   * was loading when `manage` was killed waits for it.
   */
  async of(
    tenant: string,
    files: readonly WaitingFile[],
  ): Promise<(Waiting | null)[]> {
    const { store } = this.#deps;
    if (files.every(({ state }) => isFinal(state))) return files.map(() => null);
    const common = await store.currentVersion(tenant) === null
      ? "module"
      : await this.#commonCause();
    return await Promise.all(files.map(async (file) => {
      if (isFinal(file.state) || (file.state === "running" && common !== "service")) return null;
      if (common === "module" || common === "service") return { code: common, ahead: null };
      // Its last load found too little room for it, though there is some.
      if (file.reason?.code === "storage-full") return { code: "disk" as const, ahead: null };
      if (this.#isRetry(file)) return { code: "retry" as const, ahead: null };
      if (common !== null) return { code: common, ahead: null };
      return { code: "queue" as const, ahead: await this.#ahead(tenant, file.id) };
    }));
  }

  /** What the files of all tenants wait for; null when they are loaded. */
  async #commonCause(): Promise<"service" | "disk" | "storage" | null> {
    const { layout, disk, now } = this.#deps;
    const manage = await this.#manage.get(
      "",
      this.#at(),
      () => readManageState(layout.root, now()),
    );
    if (manage === null) return "service";
    return disk.shortage() ? "disk" : manage.pausedBy;
  }

  #isRetry({ nextTryAt }: Pick<FileView, "nextTryAt">): boolean {
    return nextTryAt !== null && Date.parse(nextTryAt) > this.#deps.now();
  }

  /** How many of the tenant's files in staging are older: ids grow with time. */
  async #ahead(tenant: string, id: string): Promise<number> {
    const queue = await this.#queues.get(tenant, this.#at(), async () => {
      const entries = await listReadable(this.#deps.layout.tenantFolder("staging", tenant));
      return entries.map(({ name }) => name).filter(isFileId).sort();
    });
    const found = queue.findIndex((other) => other >= id);
    return Math.min(found === -1 ? queue.length : found, MAX_AHEAD);
  }

  #at(): number {
    return this.#deps.monotonic!();
  }
}

/** Values by key that are computed again after a second; forgotten when there are many. */
class Cached<T> {
  readonly #values = new Map<string, { at: number; value: Promise<T> }>();

  get(key: string, now: number, compute: () => Promise<T>): Promise<T> {
    const found = this.#values.get(key);
    if (found && now - found.at < CACHE_MS) return found.value;
    if (this.#values.size > 1_000) this.#values.clear();
    const value = compute();
    this.#values.set(key, { at: now, value });
    return value;
  }
}
