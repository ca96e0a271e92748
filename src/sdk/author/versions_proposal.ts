import type { SampleFile } from "./sample_files.ts";

/** What a module can do with the rows of a file's earlier versions. */
export type VersionsChoice = "add" | "replace";

/** What the proposed module does with the rows of a file's earlier versions. */
export interface ProposedVersions {
  choice: VersionsChoice;
  /** What shows that this is the choice, or what it leads to, as a sentence without a full stop. */
  reason: string;
  /** Whether nothing in the samples shows what to choose, although it matters. */
  isOpen: boolean;
}

/**
 * Proposes what a new version of a file means: one of the same name with other content.
 *
 * @param hasKey whether records have a key of their own, so that a record that is sent again replaces
 * itself
 */
export async function proposeVersions(
  files: readonly SampleFile[],
  hasKey: boolean,
): Promise<ProposedVersions> {
  const growing = await growingFile(files);
  if (growing !== null) {
    const [shorter, longer] = growing;
    const reason = shorter.name === longer.name
      ? "the longer sample starts with all of the shorter one, so a file grows and is sent again"
      : `the sample ${longer.name} starts with all of ${shorter.name}, so a file grows; it must be ` +
        "sent under the same name each time";
    return { choice: "replace", reason, isOpen: false };
  }
  if (hasKey) {
    const reason = "a record that is sent again replaces the one with the same key; choose " +
      '"replace" if records that a new version lacks must go';
    return { choice: "add", reason, isOpen: false };
  }
  const reason =
    "the records have no key, so a file that is corrected or grows doubles its rows; " +
    'choose "replace" if files are sent again';
  return { choice: "add", reason, isOpen: true };
}

/** What the author has chosen. */
export function asChosen(choice: VersionsChoice): ProposedVersions {
  return { choice, reason: "as chosen", isOpen: false };
}

/** Two samples of which the second starts with the whole first one; null if there are none. */
async function growingFile(
  files: readonly SampleFile[],
): Promise<[shorter: SampleFile, longer: SampleFile] | null> {
  const plain = files.filter(({ archive }) => archive === null);
  if (plain.length < 2) return null;
  const sizes = new Map(
    await Promise.all(plain.map(async (file) => [file, await lengthOf(file)] as const)),
  );
  const sorted = plain.toSorted((a, b) => sizes.get(a)! - sizes.get(b)!);
  for (const [n, longer] of sorted.entries()) {
    const shorter = sorted[n - 1];
    if (shorter && sizes.get(shorter)! < sizes.get(longer)! && await startsWith(longer, shorter)) {
      return [shorter, longer];
    }
  }
  return null;
}

/** Bytes of the content, decompressed. */
async function lengthOf(file: SampleFile): Promise<number> {
  let length = 0;
  for await (const piece of file.pieces()) length += piece.length;
  return length;
}

async function startsWith(longer: SampleFile, shorter: SampleFile): Promise<boolean> {
  const pieces = longer.pieces();
  let [piece, at] = [new Uint8Array(), 0];
  try {
    for await (const wanted of shorter.pieces()) {
      for (let from = 0; from < wanted.length;) {
        if (at === piece.length) {
          const next = await pieces.next();
          if (next.done) return false;
          [piece, at] = [Uint8Array.from(next.value), 0];
        }
        const length = Math.min(wanted.length - from, piece.length - at);
        for (let i = 0; i < length; i++) if (wanted[from + i] !== piece[at + i]) return false;
        from += length;
        at += length;
      }
    }
    return true;
  } finally {
    await pieces.return(undefined);
  }
}
