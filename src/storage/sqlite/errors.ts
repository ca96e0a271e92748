import { Failure, messageOf } from "../../base/failure.ts";

interface Known {
  code: string;
  hint: string;
}

const BUSY: Known = {
  code: "storage-busy",
  hint: "Another process is writing to it; try again later.",
};
const CORRUPT: Known = { code: "storage-corrupt", hint: "Restore the file from a backup." };

/** By SQLite's primary result codes. */
const CODES: Record<number, Known> = {
  5: BUSY,
  6: BUSY,
  8: { code: "storage-read-only", hint: "Allow the service's user to write to the database." },
  10: { code: "storage-io", hint: "Check the system log for disk errors." },
  11: CORRUPT,
  13: { code: "storage-full", hint: "Free space on the disk. The file is retried." },
  14: { code: "storage-unreachable", hint: "Check that the folder exists and is writable." },
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

/**
 * Converts an error of `node:sqlite` to a {@link Failure} of kind `storage`. Returns failures unchanged.
 *
 * @param sentence `Cannot <verb> <thing> "value"`
 */
export function storageFailure(error: unknown, sentence: string): Failure {
  if (error instanceof Failure) return error;
  const { code = "storage-error", hint } = CODES[primaryCode(error)] ?? {};
  return new Failure("storage", code, `${sentence}: ${messageOf(error)}`, {
    ...(hint && { hint }),
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
