import { formatCount } from "../../base/count.ts";
import type { Format } from "../format.ts";
import { decide, POINT } from "./column_decision.ts";
import type { ColumnProfile } from "./profile/column_profile.ts";
import { alignFamilies } from "./profile/families.ts";
import { type FileLayout, fileLayout } from "./layout/file_layout.ts";
import { chooseKey } from "./key/evidence.ts";
import { identifier, moduleText, tableName } from "./module_text.ts";
import { styleOfFile } from "./profile/number_profile.ts";
import { oneFormat } from "./one_format.ts";
import type { Proposal, ProposedColumn } from "./proposal.ts";
import { dayFirstIn } from "./profile/temporal_profile.ts";
import { nothingToInfer, sampleFiles } from "./sample_files.ts";
import { profileReadable } from "./layout/repairs.ts";
import type { AuthoredModule } from "./starter.ts";
import {
  asChosen,
  type ProposedVersions,
  proposeVersions,
  type VersionsChoice,
} from "./versions_proposal.ts";

/** Asks the author what a new version of a file means; undefined keeps what is proposed. */
export type ChooseVersions = (proposed: ProposedVersions) => Promise<VersionsChoice | undefined>;

/**
 * Proposes a module for files of one kind from all their records: the format, a type for each column
 * that fits every value, a key, and what is not certain.
 *
 * @param paths one or more sample files, plain, gzip or zip
 * @param choose asks the author what a new version of a file means
 * @throws {Failure} `no-such-file`, `nothing-to-infer`, `samples-differ`, and the failures of the
 * readers
 */
export async function inferModule(
  paths: readonly string[],
  choose: ChooseVersions = () => Promise.resolve(undefined),
): Promise<AuthoredModule & { proposal: Proposal }> {
  const { files, skipped } = await sampleFiles(paths);
  const layouts: FileLayout[] = [];
  for (const file of files) {
    const layout = await fileLayout(file);
    layouts.push(layout);
    if (layout.encoding !== undefined) file.encoding = layout.encoding;
  }
  const { format, profile, unsure } = await profileReadable(files, oneFormat(files, layouts));
  if (profile.records === 0 || profile.columns.length === 0) {
    const { firstFault: fault } = profile;
    const why = fault ? `; line ${fault.line} ${fault.reason}` : "";
    throw nothingToInfer(files[0]!.path, `it has no records that can be read${why}`);
  }
  const style = styleOfFile(profile.columns.map(({ numbers }) => numbers));
  // Files with commas between fields are written where the decimal separator is a point.
  const usesCommas = format.kind === "csv" && (format.options.delimiter ?? ",").startsWith(",");
  const facts = {
    style: style ?? (usesCommas ? POINT : null),
    dayFirst: dayFirstIn(profile.columns.map(({ moments }) => moments.finding())),
    isText: format.kind === "csv",
    isDecimal: format.kind !== "parquet" && format.kind !== "avro",
  };
  const taken = new Set(["row_id"]);
  const used = profile.columns.filter((column) => !isNameless(column));
  const columns = used.map((column, i): ProposedColumn => ({
    name: identifier(column.name, `column_${i + 1}`, taken),
    profile: column,
    decision: decide(column, facts),
    isOptional: profile.optional.has(column),
  }));
  alignFamilies(columns.map(({ profile: { name }, decision }) => ({ name, decision })));
  const mixed = columns.filter(({ profile, decision }) => {
    return format.kind === "xlsx" && decision.type === "text" && profile.typed.values > 0;
  });
  const table = tableName(files[0]!.name);
  const { records, faults, firstFault } = profile;
  const key = await chooseKey(files, format, columns, { table, records });
  const hasKey = key.partition.length > 0;
  const versions = await proposeVersions(files, hasKey);
  const chosen = await choose(versions);
  const proposal: Proposal = {
    fileNames: files.map(({ name }) => name),
    archives: [...new Set(files.flatMap(({ archive }) => archive ?? []))],
    format: mixed.length > 0 ? withTexts(format, mixed) : format,
    columns,
    key,
    versions: chosen === undefined ? versions : asChosen(chosen),
    records,
    faults,
    firstFault,
    notes: [...new Set(layouts.flatMap(({ notes }) => notes))],
    unsure: [...new Set(layouts.flatMap(({ unsure }) => unsure)), ...unsure],
  };
  if (used.length < profile.columns.length) {
    const nameless = formatCount(profile.columns.length - used.length, "column");
    proposal.notes.push(`left out ${nameless} without a name and without values`);
  }
  if (skipped.length > 0) {
    proposal.notes.push(
      `left out ${formatCount(skipped.length, "file")} of the archive: ${
        skipped.slice(0, 5).join(", ")
      }`,
    );
  }
  return { ingest: moduleText(proposal), sample: null, proposal };
}

/**
 * Reads columns of mixed cells as the text that Excel displays; their dates would not be text
 * otherwise.
 */
function withTexts(format: Format, columns: readonly ProposedColumn[]): Format {
  const text = columns.map(({ profile }) => profile.name);
  return { ...format, options: { ...format.options, text } } as Format;
}

/** What a delimiter at the end of each line looks like. */
function isNameless(column: ColumnProfile): boolean {
  return /^column_\d+$/.test(column.name) && column.values === 0 && column.nulls.size === 0;
}
