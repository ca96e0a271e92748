import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  ensureFolder,
  listFolder,
  readJson,
  statIfThere,
  writeAtomically,
} from "../data/durable.ts";
import type { TelemetryEvent } from "./events.ts";

const stateSchema = z.object({
  /** False once it has ended normally. */
  running: z.boolean(),
  /** Why it cannot run native programs; null when it can, or it is not known yet. */
  noNativePrograms: z.string().nullable(),
  /** What all loads wait for. */
  pausedBy: z.enum(["disk", "storage"]).nullable(),
});

/** What `serve` needs to know of a running `manage`, which may run on another machine. */
export type ManageState = z.infer<typeof stateSchema>;

/** A state that was not written again for this long is that of a process that was killed. */
const OUTDATED_MS = 30_000;
const FOLDER = "metrics";
/** Events after which all loads wait for the storage, until they end. */
const STORAGE_PROBLEMS: ReadonlySet<string> = new Set(["storage.waiting", "ledger.failed"]);
const NAME = /^state-.*\.json$/;

/** Writes the state of this `manage` for `serve`, every few seconds. */
export class ManageStateFile {
  readonly #folder: string;
  readonly #path: string;
  #state: ManageState = { running: true, noNativePrograms: null, pausedBy: null };

  constructor(dataDir: string) {
    this.#folder = join(dataDir, FOLDER);
    this.#path = join(this.#folder, `state-${hostname().replaceAll(/[^\w.-]/g, "_")}.json`);
  }

  /** Notices what an event says about the state. */
  observe(event: TelemetryEvent): void {
    const { pausedBy } = this.#state;
    if (event.kind === "sandbox.layers" || event.kind === "sandbox.without_os") {
      this.#set({ noNativePrograms: event.noNativePrograms ?? null });
    }
    if (event.kind === "disk.full") this.#set({ pausedBy: "disk" });
    if (event.kind === "disk.free" && pausedBy === "disk") this.#set({ pausedBy: null });
    if (pausedBy === "disk") return;
    if (STORAGE_PROBLEMS.has(event.kind)) this.#set({ pausedBy: "storage" });
    if (event.kind === "problem.ended" && STORAGE_PROBLEMS.has(event.problem)) {
      this.#set({ pausedBy: null });
    }
  }

  #set(change: Partial<ManageState>): void {
    this.#state = { ...this.#state, ...change };
  }

  /** @param running false when it is the last time */
  async write(running: boolean): Promise<void> {
    await ensureFolder(this.#folder);
    // Not synced: after a power failure nothing runs.
    await writeAtomically(this.#path, JSON.stringify({ ...this.#state, running }));
  }

  /** Shows that the process runs, when the disk is too full to write. */
  async touch(): Promise<void> {
    await Deno.utime(this.#path, new Date(), new Date()).catch(() => {});
  }
}

/**
 * The common state of all running `manage`; null when none runs.
 *
 * @param now milliseconds since the epoch
 */
export async function readManageState(dataDir: string, now: number): Promise<ManageState | null> {
  const states: ManageState[] = [];
  for (const { name } of await listFolder(join(dataDir, FOLDER))) {
    if (!NAME.test(name)) continue;
    const path = join(dataDir, FOLDER, name);
    const written = (await statIfThere(path))?.mtime?.getTime() ?? 0;
    // In both directions: the clock may have been set back since the last one was written.
    if (Math.abs(now - written) > OUTDATED_MS) continue;
    const state = stateSchema.safeParse(await readJson(path));
    if (state.data?.running) states.push(state.data);
  }
  const [first, ...others] = states;
  return first ? others.reduce(merged, first) : null;
}

/** Two of them can do what one of them can. */
function merged(a: ManageState, b: ManageState): ManageState {
  return {
    running: true,
    noNativePrograms: a.noNativePrograms !== null && b.noNativePrograms !== null
      ? a.noNativePrograms
      : null,
    pausedBy: a.pausedBy !== null && b.pausedBy !== null ? a.pausedBy : null,
  };
}
