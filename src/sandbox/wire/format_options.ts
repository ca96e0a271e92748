import { z } from "zod";
import { CSV_OPTIONS } from "./csv_options.ts";
import { encodingName, ENCODINGS } from "./encodings.ts";
import type { HeaderOptions } from "../../sdk/file_format.ts";

const MAX_SKIPPED_LINES = 1_000_000;
const MAX_HEADER_ROWS = 20;

const names = z.array(z.string().min(1)).min(1);

/** The options of all formats with named columns: the SDK's `NameOptions`. */
const NAME_OPTIONS = {
  columns: names.optional(),
  optional: names.optional(),
  aliases: z.record(z.string().min(1), z.union([z.string().min(1), names])).optional(),
  match: z.enum(["exact", "loose"]).optional(),
  newColumns: z.enum(["ignore", "refuse"]).optional(),
};

/** The options of all formats with a header: the SDK's `HeaderOptions`. */
const HEADER_OPTIONS = {
  ...NAME_OPTIONS,
  header: z.union([z.boolean(), names]).optional(),
  skip: z.int().min(0).max(MAX_SKIPPED_LINES).optional(),
  skipTo: names.optional(),
  headerRows: z.int().min(1).max(MAX_HEADER_ROWS).optional(),
  uniqueNames: z.boolean().optional(),
};

const encoding = z.string().refine((label) => encodingName(label) !== null, {
  error: `must be one of ${ENCODINGS}`,
});

/** The options of all text formats: the SDK's `TextOptions`. */
const TEXT_OPTIONS = { encoding: z.union([encoding, z.array(encoding).min(1)]).optional() };

const csvOptions = z.strictObject({ ...HEADER_OPTIONS, ...TEXT_OPTIONS, ...CSV_OPTIONS })
  .superRefine(checkHeader);

/** Refuses options of the header that contradict each other. */
function checkHeader(
  { header = true, skipTo, headerRows, uniqueNames }: HeaderOptions,
  context: z.RefinementCtx,
): void {
  const refuse = (option: keyof HeaderOptions, message: string) =>
    context.addIssue({ code: "custom", path: [option], message });
  if (header === false && skipTo) refuse("skipTo", "needs a header: do not set header: false");
  if (header === false && uniqueNames) refuse("uniqueNames", "needs a header");
  if (header !== true && headerRows) {
    refuse("headerRows", "needs the names of the file: header: true");
  }
}

/** The options of JSON formats: the SDK's `NumbersOption`. */
const NUMBERS_OPTION = { numbers: z.enum(["number", "text"]).optional() };

const jsonlOptions = z.strictObject({ ...NAME_OPTIONS, ...TEXT_OPTIONS, ...NUMBERS_OPTION });

const jsonOptions = z.strictObject({
  ...NAME_OPTIONS,
  ...TEXT_OPTIONS,
  ...NUMBERS_OPTION,
  at: z.string().regex(/^[^.]+(\.[^.]+)*$/, {
    error: 'must be member names separated by dots, such as "data.items"',
  }).optional(),
});

const xlsxOptions = z.strictObject({
  ...HEADER_OPTIONS,
  sheet: z.union([z.string().min(1), z.int().min(1)]).optional(),
  errors: z.enum(["reject", "null"]).optional(),
  text: z.union([z.boolean(), names]).optional(),
  mergedCells: z.enum(["first", "fill"]).optional(),
}).superRefine(checkHeader);

/** The SDK's `StoredTimestampOptions`. */
const TIMESTAMP_OPTIONS = { timestamps: z.enum(["date", "text"]).optional() };

const parquetOptions = z.strictObject({ ...NAME_OPTIONS, ...TIMESTAMP_OPTIONS });

const avroOptions = z.strictObject({ ...NAME_OPTIONS, ...TIMESTAMP_OPTIONS });

/** A module's `format`, as the format functions of the SDK return it. */
export const formatSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("csv"), options: csvOptions }),
  z.strictObject({ kind: z.literal("jsonl"), options: jsonlOptions }),
  z.strictObject({ kind: z.literal("json"), options: jsonOptions }),
  z.strictObject({ kind: z.literal("xlsx"), options: xlsxOptions }),
  z.strictObject({ kind: z.literal("parquet"), options: parquetOptions }),
  z.strictObject({ kind: z.literal("avro"), options: avroOptions }),
  z.strictObject({ kind: z.literal("program"), options: z.strictObject({}) }),
]);

/** The names of the options of a format. */
export function formatOptionNames(kind: unknown): string[] {
  const format = formatSchema.options.find(({ shape }) => shape.kind.value === kind);
  return Object.keys(format?.shape.options.shape ?? {});
}
