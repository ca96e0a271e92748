import { createHash } from "node:crypto";
import { Failure } from "../base/failure.ts";
import { keepOwner } from "../base/owner.ts";
import { orNull, writeAll } from "../data/durable.ts";
import { type AuditEntry, auditEntrySchema } from "../protocol/admin_view.ts";

const PRIVATE = 0o600;
/** Bytes at the end of the file that {@link AuditLog.latest} reads: thousands of entries. */
const TAIL_BYTES = 1024 * 1024;

/** The "previous hash" of the first line. */
const NO_LINE = "0".repeat(64);

/** The result of checking the chain of hashes. */
interface AuditCheck {
  lines: number;
  /** SHA-256 of the last line; kept elsewhere, it later proves that no lines were cut off. */
  head: string;
  /** Sentences with line numbers; empty when the log is intact. */
  faults: string[];
}

/**
 * The actions of operators: an append-only file of JSON lines, each synced before the action is
 * reported as done. Each line contains the SHA-256 of the line before it, so changing, removing or
 * inserting one means rewriting all lines after it.
 *
 * @example
 * ```ts
 * import { AuditLog } from "./audit_log.ts";
 * await new AuditLog("/nowhere/audit.log").latest(10); // []
 * ```
 */
export class AuditLog {
  readonly #path: string;

  /** @param path usually `DATA/audit.log`; created with the first entry */
  constructor(path: string) {
    this.#path = path;
  }

  /** Appends an entry; it is on disk when the promise resolves. */
  async append(entry: AuditEntry): Promise<void> {
    using file = await Deno.open(this.#path, { append: true, create: true, mode: PRIVATE });
    keepOwner(this.#path);
    // Several processes write. Closing the file releases the lock.
    await file.lock(true);
    const tail = await this.#tail();
    const prev = tail === "" ? NO_LINE : hashOf(tail.replace(/\n$/, "").split("\n").at(-1) ?? "");
    // A line that a full disk cut off stays separate from the new one.
    const start = tail === "" || tail.endsWith("\n") ? "" : "\n";
    const line = new TextEncoder().encode(`${start}${JSON.stringify({ ...entry, prev })}\n`);
    await writeAll(file, line);
    await file.sync();
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

  /** Returns the newest entries, newest first. Skips damaged lines, such as those of a full disk. */
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
   * Checks the chain from the first line to the last.
   *
   * @param expected the head of an earlier check, which must still be in the chain
   */
  async verify(expected?: string): Promise<AuditCheck> {
    const faults: string[] = [];
    let head = NO_LINE;
    let lines = 0;
    let isChained = false;
    let isMet = expected === undefined || expected === NO_LINE;
    for (const line of (await orNull(Deno.readTextFile(this.#path)) ?? "").split("\n")) {
      if (line === "") continue;
      lines++;
      const prev = prevOf(line);
      // Older lines have no hash; the first line with one protects them.
      if (prev === null) faults.push(`line ${lines} cannot be read`);
      else if (prev !== head && (prev !== undefined || isChained)) {
        faults.push(`line ${lines} does not follow the one before it`);
      }
      isChained ||= typeof prev === "string";
      head = hashOf(line);
      isMet ||= head === expected;
    }
    if (!isMet) faults.push("the given head is missing");
    return { lines, head, faults };
  }

  async #tail(): Promise<string> {
    using file = await orNull(Deno.open(this.#path));
    if (!file) return "";
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    await file.seek(start, Deno.SeekMode.Start);
    const text = await new Response(file.readable).text();
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
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

/** Returns the hash in a line: undefined for an older line without one, null for a damaged line. */
function prevOf(line: string): string | undefined | null {
  if (!parse(line)) return null;
  const { prev } = JSON.parse(line);
  return typeof prev === "string" ? prev : undefined;
}
