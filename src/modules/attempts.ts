import { join } from "node:path";
import { z } from "zod";
import { formatCount } from "../base/count.ts";
import { Failure } from "../base/failure.ts";
import type { Config } from "../config/schema.ts";
import { ensureFolder, readJson, removeIfThere, writeDurably } from "../data/durable.ts";

const countSchema = z.object({ of: z.string(), started: z.int().positive() });

/**
 * How often work on a tenant's module was started without an end: what kills `manage` is counted too.
 * One small file for each piece of work that runs, outside the folder that `manage` watches.
 */
export class Attempts {
  readonly #folder: string;

  /** @param root `DATA/tenants` */
  constructor(root: string) {
    this.#folder = join(root, ".attempts");
  }

  /**
   * Counts a start, durable on return. Call it before the work starts.
   *
   * @param key names the work, such as `customer-1@v3-1f0c9a2b`; it becomes a file name
   * @param of what the work is; the count starts again when it changes
   * @returns how many earlier starts had no end
   */
  async start(key: string, of: string): Promise<number> {
    await ensureFolder(this.#folder);
    const last = countSchema.safeParse(await readJson(this.#path(key))).data;
    const before = last?.of === of ? last.started : 0;
    await writeDurably(this.#path(key), JSON.stringify({ of, started: before + 1 }));
    return before;
  }

  /** Forgets the starts of work that has ended, whatever its result. */
  async end(key: string): Promise<void> {
    await removeIfThere(this.#path(key));
  }

  #path(key: string): string {
    return join(this.#folder, `${key}.json`);
  }
}

/**
 * Why work must not start again; null if it may.
 *
 * @param started how many earlier starts had no end
 * @param verb what is done with the version, such as `check`
 */
export function attemptsUsedUp(
  started: number,
  { manage }: Config,
  verb: string,
): Failure | null {
  if (started < manage.max_attempts) return null;
  const text = `Cannot ${verb} the version: the platform was stopped by it, or during it, ` +
    `${formatCount(started, "time")} (manage.max_attempts)`;
  return new Failure("refused", "attempts-used-up", text, {
    hint: "Look in the log of manage and of the system for what ended it, then try again.",
  });
}
