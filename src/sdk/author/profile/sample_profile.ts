import type { Format } from "../../format.ts";
import type { RecordFault } from "../../../sandbox/formats/contract.ts";
import { ColumnProfile } from "./column_profile.ts";
import { readSamples } from "../read_samples.ts";
import { nothingToInfer, type SampleFile } from "../sample_files.ts";

/** What all samples together look like. */
export interface SampleProfile {
  columns: ColumnProfile[];
  /** The columns that some sample, or some record of a format without a header, lacks. */
  optional: Set<ColumnProfile>;
  records: number;
  faults: number;
  firstFault: RecordFault | null;
}

const MAX_COLUMNS = 1_000;

/** Profiles the columns of all samples: their union, in the order in which they appear. */
export async function profileSamples(
  files: readonly SampleFile[],
  format: Format,
): Promise<SampleProfile> {
  const columns = new Map<string, ColumnProfile>();
  const found: Omit<SampleProfile, "columns"> = {
    optional: new Set(),
    records: 0,
    faults: 0,
    firstFault: null,
  };
  const column = (name: string): ColumnProfile => {
    let known = columns.get(name);
    if (known === undefined) {
      if (columns.size >= MAX_COLUMNS) {
        throw nothingToInfer(files[0]!.path, `it has more than ${MAX_COLUMNS} columns`);
      }
      columns.set(name, known = new ColumnProfile(name));
    }
    return known;
  };
  let present: ColumnProfile[] = [];
  let isFirst = true;
  const isText = format.kind === "csv";
  await readSamples(files, format, {
    names(names) {
      const before = [...columns.values()];
      present = names.map(column);
      // All files but this one lack a new column.
      if (!isFirst) {
        for (const each of present) if (!before.includes(each)) found.optional.add(each);
      }
      for (const each of before) if (!present.includes(each)) found.optional.add(each);
      isFirst = false;
    },
    fields(fields, line) {
      found.records++;
      for (const [i, field] of fields.entries()) {
        const known = present[i] ?? (present[i] = column(String(i + 1)));
        if (isText) known.text(String(field), line);
        else known.value(field, line);
      }
    },
    members(record, line) {
      for (const name of Object.keys(record)) {
        if (!columns.has(name) && found.records > 0) found.optional.add(column(name));
      }
      found.records++;
      for (const [name, known] of columns) {
        if (!Object.hasOwn(record, name)) found.optional.add(known);
      }
      for (const [name, value] of Object.entries(record)) column(name).value(value, line);
    },
    fault(fault) {
      found.faults++;
      found.firstFault ??= fault;
    },
  });
  return { columns: [...columns.values()], ...found };
}
