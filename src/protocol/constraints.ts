import { z } from "zod";
import { Failure } from "../base/failure.ts";

/** A tenant's limits, in the JSON that the first version of the platform used. */
export const constraintsSchema = z.object({
  /** Allowed extensions with their dot, compared without case. */
  formats: z.array(z.string().min(1)),
  /** Maximum number of files in one batch (one run of `fetch`). */
  number_files: z.int().nonnegative(),
  /** Maximum file size, in KB of 1,024 bytes. */
  data_sizes: z.number().nonnegative(),
});
export type Constraints = z.infer<typeof constraintsSchema>;

const FORMAT = 'expected an extension with its dot, for example ".csv"';
const MAX_FILES = 1_000_000;
/** A petabyte. */
const MAX_KB = 2 ** 40;

/** Constraints that an operator sets, by the API or by hand: more is a mistake. */
export const newConstraintsSchema = z.strictObject({
  formats: z.array(z.string().regex(/^\.[^\s/\\,]+$/, FORMAT)),
  number_files: z.int().min(0).max(MAX_FILES),
  data_sizes: z.number().min(0).max(MAX_KB),
});

/** Limits of a tenant without its own, unless the configuration sets others. */
export const DEFAULT_CONSTRAINTS: Constraints = {
  formats: [".csv"],
  number_files: 10,
  data_sizes: 4096,
};

/**
 * Checks a file's name and size against a tenant's constraints. The number of files is checked where
 * the batch is known.
 *
 * @param name the file's name
 * @param size bytes; undefined while it is unknown
 * @returns why the file is refused, or null when it is allowed
 *
 * @example
 * ```ts
 * import { checkFile } from "./constraints.ts";
 * checkFile({ formats: [".csv"], number_files: 10, data_sizes: 4096 }, "a.CSV", 100); // null
 * ```
 */
export function checkFile(
  constraints: Constraints,
  name: string,
  size: number | undefined,
): Failure | null {
  if (!hasFormat(constraints, name)) {
    const formats = constraints.formats.join(", ");
    return new Failure(
      "refused",
      "format-not-allowed",
      `Cannot accept "${name}": ${formats === "" ? "no format" : `only ${formats}`} is allowed`,
      { hint: "Convert the file, or ask the operator to allow its format." },
    );
  }
  if (size !== undefined && size > constraints.data_sizes * 1024) {
    const kb = Math.ceil(size / 1024);
    const text = `Cannot accept "${name}": it has ${kb} KB (limit: ${constraints.data_sizes} KB)`;
    return new Failure("refused", "file-too-large", text, {
      hint: "Split the file, or ask the operator for a higher limit.",
      details: { size, limit: constraints.data_sizes * 1024 },
    });
  }
  return null;
}

function hasFormat(constraints: Constraints, name: string): boolean {
  const lower = name.toLowerCase();
  return constraints.formats.some((format) => {
    const suffix = format.toLowerCase();
    return lower.endsWith(suffix.startsWith(".") ? suffix : `.${suffix}`);
  });
}

/** Returns the failure for a file that exceeds the number of files in its batch. */
export function tooManyFiles(constraints: Constraints, name: string): Failure {
  return new Failure(
    "refused",
    "too-many-files",
    `Cannot accept "${name}": the batch has too many files (limit: ${constraints.number_files})`,
    { hint: "Send it in the next run.", details: { limit: constraints.number_files } },
  );
}
