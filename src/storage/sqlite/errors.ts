import { Failure, messageOf } from "../../base/failure.ts";

const CODES: Record<number, { code: string; hint: string }> = {
  5: {
    code: "storage-busy",
    hint: "Something else writes there, perhaps a file that is being loaded; try again later.",
  },
  6: {
    code: "storage-busy",
    hint: "Something else writes there, perhaps a file that is being loaded; try again later.",
  },
  8: { code: "storage-read-only", hint: "Give the service's user the right to write there." },
  10: { code: "storage-io", hint: "Look into the system's log for faults of the disk." },
  11: { code: "storage-corrupt", hint: "Restore the file from a backup." },
  13: { code: "storage-full", hint: "Make room on the disk; the file is tried again." },
  14: { code: "storage-unreachable", hint: "See that the folder exists and may be written." },
  26: { code: "storage-corrupt", hint: "Restore the file from a backup." },
};

/** What `exec` throws has no number, only SQLite's sentence. */
const SENTENCES: readonly (readonly [sentence: string, errcode: number])[] = [
  ["database is locked", 5],
  ["readonly database", 8],
  ["disk I/O error", 10],
  ["disk image is malformed", 11],
  ["disk is full", 13],
  ["unable to open database", 14],
  ["not a database", 26],
];

/** The number of SQLite's result codes in their primary form; 0 when it is none of them. */
function primaryCode(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  if ("errcode" in error && typeof error.errcode === "number") return error.errcode & 0xff;
  return SENTENCES.find(([sentence]) => error.message.includes(sentence))?.[1] ?? 0;
}

/**
 * Turns what `node:sqlite` threw into a {@link Failure} of kind `storage`; one that is a Failure
 * already stays what it is.
 *
 * @param sentence what could not be done, as `Cannot <verb> <thing> "value"`
 */
export function storageFailure(error: unknown, sentence: string): Failure {
  if (error instanceof Failure) return error;
  const known = CODES[primaryCode(error)];
  return new Failure(
    "storage",
    known?.code ?? "storage-error",
    `${sentence}: ${messageOf(error)}`,
    {
      ...(known ? { hint: known.hint } : {}),
      cause: error,
    },
  );
}

/** Runs `work` and turns what it throws by {@link storageFailure}. */
export function guarded<T>(sentence: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFailure(error, sentence);
  }
}

/** {@link guarded} for a method that answers by a promise, as any backend's does. */
export function promised<T>(sentence: string, work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(guarded(sentence, work)));
}
