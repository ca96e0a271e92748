import { z } from "zod";

const MAX_DELIMITER_CHARS = 10;
const MAX_QUOTED_LINES = 100_000;
const MAX_LAST_RECORDS = 100;

const noLineEnd = { error: "must not contain a line end" };
const textOfLine = (maxChars: number) =>
  z.string().min(1).max(maxChars).refine((text) => !/[\r\n\0]/.test(text), noLineEnd);
const text = textOfLine(100);
const oneCharacter = z.string().refine((text) => [...text].length === 1 && text.length === 1, {
  error: "must be one character",
});

/** The options of CSV files alone: the SDK's `CsvOptions`. */
export const CSV_OPTIONS = {
  delimiter: textOfLine(MAX_DELIMITER_CHARS).optional(),
  quote: z.union([z.literal(""), oneCharacter]).optional(),
  escape: z.union([z.literal(""), oneCharacter]).optional(),
  strayQuotes: z.enum(["reject", "keep"]).optional(),
  quotedLines: z.int().min(1).max(MAX_QUOTED_LINES).optional(),
  quotedRecords: z.boolean().optional(),
  ragged: z.enum(["reject", "pad", "keep"]).optional(),
  trailingDelimiter: z.boolean().optional(),
  trim: z.boolean().optional(),
  comment: z.union([z.literal(""), text]).optional(),
  skipLast: z.int().min(0).max(MAX_LAST_RECORDS).optional(),
  stopAt: z.union([text, z.array(text).min(1).max(100)]).optional(),
  lineEnd: z.enum(["\n", "\r\n", "\r", "\r\r\n"]).optional(),
};
