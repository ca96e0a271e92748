import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { Failure } from "../base/failure.ts";
import { type AuditEntry, auditEntrySchema } from "../protocol/admin_view.ts";

const PRIVATE = 0o600;
/** How much of the file's end is looked at: some thousands of entries. */
const TAIL_BYTES = 1024 * 1024;

/** What stands in the place of a line before the first. */
const NO_LINE = "0".repeat(64);

/** Whether nothing in the log was changed, taken out or put in between. */
interface AuditCheck {
  lines: number;
  /** Of the last line: whoever keeps it elsewhere also sees later that the end was not cut off. */
  head: string;
  /** In words, each with its line; empty when all is well. */
  faults: string[];
}

/**
 * What operators did: a file to which lines of JSON are only ever added, each synced before the
 * action counts as done. Each carries the SHA-256 of the line before it, so that none can be
 * changed, taken out or put in between without all after it being written anew.
 *
 * @example
 * ```ts
 * import { AuditLog } from "./audit_log.ts";
 * await new AuditLog("/nowhere/audit.log").latest(10); // []
 * ```
 */
export class AuditLog {
  readonly #path: string;

  /** @param path usually `DATA/audit.log`; it is made with its first entry */
  constructor(path: string) {
    this.#path = path;
  }

  /** Adds an entry; it is on the disk when the promise resolves. */
  async append(entry: AuditEntry): Promise<void> {
    using file = await Deno.open(this.#path, { append: true, create: true, mode: PRIVATE });
    // Several processes write; the lock ends with the file.
    await file.lock(true);
    const tail = await this.#tail();
    const prev = tail === "" ? NO_LINE : hashOf(tail.replace(/\n$/, "").split("\n").at(-1) ?? "");
    // What a full disk cut off stays a line of its own.
    const start = tail === "" || tail.endsWith("\n") ? "" : "\n";
    const line = new TextEncoder().encode(`${start}${JSON.stringify({ ...entry, prev })}\n`);
    for (let at = 0; at < line.length;) at += await file.write(line.subarray(at));
    await file.sync();
    await this.#handOver();
  }

  /**
   * Runs `work` and appends an entry with its outcome, also when it fails. If the entry cannot be
   * written, the action is not reported as done.
   *
   * @param entry must not contain a secret
   * @throws what `work` or {@link append} throws
   */
  async record<T>(
    entry: Omit<AuditEntry, "at" | "outcome">,
    work: () => Promise<T>,
    now: () => number = Date.now,
  ): Promise<T> {
    const write = (outcome: string) =>
      this.append({ at: new Date(now()).toISOString(), ...entry, outcome });
    let result: T;
    try {
      result = await work();
    } catch (error) {
      // The reason for the failure matters more than a second failure.
      await write(error instanceof Failure ? error.code : "failed").catch(() => {});
      throw error;
    }
    await write("done");
    return result;
  }

  /** The newest entries, newest first. A line that is none, of a full disk say, is passed over. */
  async latest(limit: number): Promise<AuditEntry[]> {
    const found: AuditEntry[] = [];
    for (const line of (await this.#tail()).split("\n").reverse()) {
      if (found.length === limit) break;
      const entry = parse(line);
      if (entry) found.push(entry);
    }
    return found;
  }

  /**
   * Follows the chain from the first line to the last.
   *
   * @param expected the head of an earlier check, which must still be there
   */
  async verify(expected?: string): Promise<AuditCheck> {
    const faults: string[] = [];
    let head = NO_LINE;
    let lines = 0;
    let isChained = false;
    let isMet = expected === undefined || expected === NO_LINE;
    for (const line of (await this.#read()).split("\n")) {
      if (line === "") continue;
      lines++;
      const prev = prevOf(line);
      // Lines of before there was a chain are bound by the first that has one.
      if (prev === null) faults.push(`line ${lines} cannot be read`);
      else if (prev !== head && (prev !== undefined || isChained)) {
        faults.push(`line ${lines} does not follow the one before it`);
      }
      isChained ||= typeof prev === "string";
      head = hashOf(line);
      isMet ||= head === expected;
    }
    if (!isMet) faults.push("the line that was the last one then is not there");
    return { lines, head, faults };
  }

  /** Root's commands write, too: the file stays that of the service, which owns the folder. */
  async #handOver(): Promise<void> {
    if (Deno.uid() !== 0) return;
    const { uid, gid } = await Deno.stat(dirname(this.#path));
    if (uid !== null && uid !== 0) await Deno.chown(this.#path, uid, gid);
  }

  async #read(): Promise<string> {
    try {
      return await Deno.readTextFile(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  async #tail(): Promise<string> {
    try {
      using file = await Deno.open(this.#path);
      const { size } = await file.stat();
      const start = Math.max(0, size - TAIL_BYTES);
      await file.seek(start, Deno.SeekMode.Start);
      const text = await new Response(file.readable).text();
      return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }
}

function parse(line: string): AuditEntry | null {
  try {
    return auditEntrySchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function hashOf(line: string): string {
  return createHash("sha256").update(line).digest("hex");
}

/** What a line says of the one before it: undefined where it is of before, null where it is none. */
function prevOf(line: string): string | undefined | null {
  if (!parse(line)) return null;
  const { prev } = JSON.parse(line);
  return typeof prev === "string" ? prev : undefined;
}
