import { Failure } from "../../../base/failure.ts";
import { formatCount } from "../../../base/count.ts";
import type { CsvOptions } from "../../csv.ts";
import type { Format } from "../../format.ts";
import type { SampleFile } from "../sample_files.ts";
import { profileSamples, type SampleProfile } from "../profile/sample_profile.ts";

/**
 * Options that make more records readable, the greatest share of records for which they are tried,
 * and why the author should look at them.
 */
const REPAIRS: readonly { options: CsvOptions; maxShare: number; doubt: string }[] = [
  {
    options: { escape: "\\" },
    maxShare: 1,
    doubt: "have quotes after a backslash, which escape takes as data",
  },
  {
    options: { trim: true },
    maxShare: 1,
    doubt: "have blanks before quotes, which trim removes",
  },
  {
    options: { strayQuotes: "keep" },
    maxShare: 1,
    doubt: 'have quotes within fields, which strayQuotes: "keep" leaves in the text',
  },
  {
    options: { ragged: "pad" },
    // With more short records, they are of another kind.
    maxShare: 0.2,
    doubt:
      'have fewer fields than the header; ragged: "pad" makes the missing ones at the end empty',
  },
];
/** A repair is taken if at least this share of the unreadable records becomes readable. */
const MIN_SHARE = 0.9;

/**
 * Profiles samples. If records of a CSV file cannot be read, options that read them are tried.
 *
 * @returns the format with these options, and what the author should check
 * @throws {Failure} those of the readers
 */
export async function profileReadable(
  files: readonly SampleFile[],
  format: Format,
): Promise<{ format: Format; profile: SampleProfile; unsure: string[] }> {
  const unsure: string[] = [];
  let profile = await profileOrFailure(files, format);
  for (const { options, maxShare, doubt } of REPAIRS) {
    if (format.kind !== "csv" || !isFaulty(profile, maxShare)) continue;
    const repaired: Format = { kind: "csv", options: { ...format.options, ...options } };
    const better = await profileOrFailure(files, repaired);
    if (better instanceof Failure) continue;
    // A header counts as one record.
    const before = profile instanceof Failure ? better.faults + 1 : profile.faults;
    const gain = before - better.faults;
    if (gain < before * MIN_SHARE && !(profile instanceof Failure)) continue;
    const what = profile instanceof Failure ? "the header" : formatCount(gain, "record");
    unsure.push(`${what} ${gain === 1 ? doubt.replace("have", "has") : doubt}`);
    [format, profile] = [repaired, better];
  }
  if (profile instanceof Failure) throw profile;
  return { format, profile, unsure };
}

function isFaulty(profile: SampleProfile | Failure, maxShare: number): boolean {
  if (profile instanceof Failure) return maxShare === 1;
  const { faults, records } = profile;
  return faults > 0 && faults <= (records + faults) * maxShare;
}

/** A failure of the reader, such as a header that cannot be read, may be one that a repair avoids. */
async function profileOrFailure(
  files: readonly SampleFile[],
  format: Format,
): Promise<SampleProfile | Failure> {
  try {
    return await profileSamples(files, format);
  } catch (error) {
    if (error instanceof Failure && error.code.startsWith("csv-")) return error;
    throw error;
  }
}
