import { converterOf } from "../../../batch/convert.ts";
import { formatCount } from "../../../base/count.ts";
import type { Format } from "../../format.ts";
import { type KeyCandidate, keyCandidates } from "./candidates.ts";
import { KeySet } from "./set.ts";
import type { ProposedColumn, ProposedKey } from "../proposal.ts";
import { readSamples } from "../read_samples.ts";
import type { SampleFile } from "../sample_files.ts";

/** With more records, no key is proposed: checking that it is unique would take too much memory. */
const MAX_RECORDS = 4_000_000;

/**
 * Chooses the key: the first candidate that no two records of all samples share. It reads the samples
 * once more.
 */
export async function chooseKey(
  files: readonly SampleFile[],
  format: Format,
  columns: readonly ProposedColumn[],
  { table, records }: { table: string; records: number },
): Promise<ProposedKey> {
  const candidates = keyCandidates(columns, table);
  if (records < 2) return rowId("one record does not show what identifies a record");
  if (candidates.length === 0) return rowId("no column has the name of a key");
  if (records > MAX_RECORDS) {
    return rowId(`with more than ${formatCount(MAX_RECORDS, "record")}, uniqueness is not checked`);
  }
  const unique = await uniqueOnes(files, format, candidates);
  if (unique.length === 0) return rowId(`${repeats(candidates[0]!)} in the sample`);
  const { partition, clustering, evidence } = unique[0]!;
  const isOne = partition.length + clustering.length === 1;
  return {
    partition: partition.map(({ name }) => name),
    clustering: clustering.map(({ name }) => name),
    reason: `${shown(unique[0]!)} ${isOne ? "is" : "are together"} unique in all ` +
      `${formatCount(records, "record")}, and ${evidence}`,
  };
}

function rowId(why: string): ProposedKey {
  return { partition: [], clustering: [], reason: `each record gets an id of its own: ${why}` };
}

async function uniqueOnes(
  files: readonly SampleFile[],
  format: Format,
  candidates: readonly KeyCandidate[],
): Promise<KeyCandidate[]> {
  const open = candidates.map((candidate) => ({
    candidate,
    parts: [...candidate.partition, ...candidate.clustering].map(({ profile, decision }) => ({
      name: profile.name,
      // As they are stored: uuids and dates can be written in several ways.
      convert: converterOf(decision.type, decision.options),
    })),
    seen: new KeySet(),
    isUnique: true,
  }));
  const check = (valueOf: (name: string) => unknown) => {
    for (const each of open) {
      if (!each.isUnique) continue;
      const values = each.parts.map(({ name, convert }) => convert(valueOf(name)));
      each.isUnique = each.seen.add(values.join("\x1f"));
      if (!each.isUnique) each.seen = new KeySet();
    }
  };
  let names: readonly string[] = [];
  await readSamples(files, format, {
    names: (found) => void (names = found),
    fields: (fields) => check((name) => fields[names.indexOf(name)]),
    members: (record) => check((name) => record[name]),
  });
  return open.filter(({ isUnique }) => isUnique).map(({ candidate }) => candidate);
}

function repeats(candidate: KeyCandidate): string {
  const isOne = candidate.partition.length + candidate.clustering.length === 1;
  return `${shown(candidate)} ${isOne ? "repeats" : "repeat"}`;
}

function shown({ partition, clustering }: KeyCandidate): string {
  return [...partition, ...clustering].map(({ name }) => name).join(" and ");
}
