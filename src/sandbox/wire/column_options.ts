import { z } from "zod";

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const words = z.array(z.string()).min(1);

/** The options of a column in a module's declaration: the SDK's `Column` without its type. */
export const COLUMN_OPTIONS = {
  from: names.optional(),
  value: z.enum(["rowId", "line", "fileName", "entryName"]).optional(),
  optional: z.boolean().optional(),
  null: words.optional(),
  trim: z.boolean().optional(),
  decimal: z.enum([".", ","]).optional(),
  group: z.enum([".", ",", " ", "'"]).optional(),
  format: names.optional(),
  timeZone: z.string().min(1).optional(),
  clockChange: z.enum(["reject", "earlier", "later"]).optional(),
  unit: z.enum(["s", "ms", "us", "ns"]).optional(),
  true: words.optional(),
  false: words.optional(),
};
