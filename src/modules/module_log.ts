import { join } from "node:path";
import { type ModuleLogEntry, moduleLogEntrySchema } from "../protocol/module_view.ts";
import { keepOwner } from "../base/owner.ts";
import { orNull, statIfThere, writeDurably } from "../data/durable.ts";
import type { ModuleStore, TenantVersion } from "./store.ts";

const FILE = "log.jsonl";
/** A larger log is cut to its last {@link KEPT_ENTRIES} entries. */
const MAX_BYTES = 512 * 1024;
const KEPT_ENTRIES = 200;
const MAX_MESSAGE_CHARS = 1_000;

/** The log for a module's author: recent events of files and versions, in JSON Lines. */
export class ModuleLog {
  readonly #store: ModuleStore;

  constructor(store: ModuleStore) {
    this.#store = store;
  }

  async append(tenant: string, entries: ModuleLogEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const lines = entries.map((entry) =>
      JSON.stringify({ ...entry, message: entry.message.slice(0, MAX_MESSAGE_CHARS) }) + "\n"
    );
    const path = this.#path(tenant);
    await this.#store.locked(tenant, async () => {
      await Deno.writeTextFile(path, lines.join(""), { append: true, create: true, mode: 0o600 });
      keepOwner(path);
      const size = (await statIfThere(path))?.size ?? 0;
      if (size > MAX_BYTES) await this.#cut(path);
    });
  }

  /** Appends a message about a version. @param now milliseconds since the epoch */
  async appendVersion(
    { tenant, version }: TenantVersion,
    message: string,
    now: number,
  ): Promise<void> {
    const at = new Date(now).toISOString();
    await this.append(tenant, [{
      at,
      kind: "version",
      version,
      fileId: null,
      file: null,
      message,
    }]);
  }

  /** Returns the last entries, newest first. */
  async last(tenant: string, limit: number): Promise<ModuleLogEntry[]> {
    const text = await orNull(Deno.readTextFile(this.#path(tenant))) ?? "";
    const lines = text.split("\n").filter(Boolean).slice(-limit);
    return lines.flatMap((line) => parseLine(line) ?? []).reverse();
  }

  /** Returns a text that is different after each change of a tenant's log. */
  async stamp(tenant: string): Promise<string> {
    const stat = await statIfThere(this.#path(tenant));
    return stat ? `${stat.mtime?.getTime()} ${stat.size}` : "";
  }

  async #cut(path: string): Promise<void> {
    const text = await Deno.readTextFile(path);
    if (text.length <= MAX_BYTES) return;
    const kept = text.split("\n").filter(Boolean).slice(-KEPT_ENTRIES);
    await writeDurably(path, kept.map((line) => `${line}\n`).join(""));
  }

  #path(tenant: string): string {
    return join(this.#store.folder(tenant), FILE);
  }
}

/** Returns null for a line that a power cut left incomplete. */
function parseLine(line: string): ModuleLogEntry | null {
  try {
    return moduleLogEntrySchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
