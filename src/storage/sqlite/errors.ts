import { Failure, messageOf } from "../../base/failure.ts";
import { PASSING } from "../../base/retry.ts";

interface Known {
  code: string;
  hint: string;
  /** Whether the same request may succeed later without a change by the operator. */
  passing?: true;
}

const BUSY: Known = {
  code: "storage-busy",
  hint: "Another process is writing to it; try again later.",
  passing: true,
};
const IO: Known = { code: "storage-io", hint: "Check the system log for disk errors." };
const CLOSED: Known = {
  code: "storage-unreachable",
  hint: "Check that the folder exists and is writable.",
};
const CORRUPT: Known = { code: "storage-corrupt", hint: "Restore the file from a backup." };

/** By SQLite's primary result codes. All others mean that a statement is wrong, which is our fault. */
const CODES: Record<number, Known> = {
  3: CLOSED,
  5: BUSY,
  6: BUSY,
  8: { code: "storage-read-only", hint: "Allow the service's user to write to the database." },
  10: IO,
  11: CORRUPT,
  13: { code: "storage-full", hint: "Free space on the disk. The file is retried." },
  14: CLOSED,
  15: BUSY,
  26: CORRUPT,
};

/** Errors of `exec` do not have a result code, only SQLite's message. */
const MESSAGES: readonly (readonly [message: string, errcode: number])[] = [
  ["database is locked", 5],
  ["readonly database", 8],
  ["disk I/O error", 10],
  ["disk image is malformed", 11],
  ["disk is full", 13],
  ["unable to open database", 14],
  ["not a database", 26],
];

/** SQLite's primary result code; 0 for other errors. */
function primaryCode(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  if ("errcode" in error && typeof error.errcode === "number") return error.errcode & 0xff;
  return MESSAGES.find(([message]) => error.message.includes(message))?.[1] ?? 0;
}

/** A system call failed, for example because a folder cannot be read. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}

/**
 * Converts an error of `node:sqlite` or of the file system to a {@link Failure}: kind `storage`, or
 * `internal` if it is our fault. Returns failures unchanged.
 *
 * @param sentence `Cannot <verb> <thing> "value"`
 */
export function storageFailure(error: unknown, sentence: string): Failure {
  if (error instanceof Failure) return error;
  const known = CODES[primaryCode(error)] ?? (isSystemError(error) ? IO : undefined);
  const text = `${sentence}: ${messageOf(error)}`;
  if (known === undefined) return new Failure("internal", "storage-error", text, { cause: error });
  const { code, hint, passing } = known;
  return new Failure("storage", code, text, {
    hint,
    ...(passing && { details: PASSING }),
    cause: error,
  });
}

/** Runs `work` and converts its errors with {@link storageFailure}. */
export function guarded<T>(sentence: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFailure(error, sentence);
  }
}

/** Like {@link guarded}, as a promise: the methods of the contract are asynchronous. */
export function promised<T>(sentence: string, work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(guarded(sentence, work)));
}
