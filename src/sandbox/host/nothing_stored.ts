import { Failure } from "../../base/failure.ts";
import { formatCount } from "../../base/count.ts";
import type { RowCounts } from "../../protocol/file_view.ts";
import type { Declaration } from "../wire/declaration.ts";

type Counts = Pick<RowCounts, "read" | "stored" | "rejected" | "skipped">;

/**
 * Why a file of which nothing was stored is not a success; null if it is. It is one if the module says
 * so, or if the file has a header with the columns that the module declares.
 *
 * @example
 * ```ts ignore
 * const failure = nothingStored(rows, module.declaration);
 * if (failure !== null) throw failure;
 * ```
 */
export function nothingStored(
  { read, stored, rejected, skipped }: Counts,
  declaration: Pick<Declaration, "allowEmpty" | "format" | "hasRow">,
): Failure | null {
  if (stored > 0 || declaration.allowEmpty) return null;
  if (rejected === 0 && hasCheckedHeader(declaration)) return null;
  const records = formatCount(read, "record");
  const all = read === 1 ? "its only record" : `all of its ${records}`;
  const state = read === 0
    ? "it has no records"
    : rejected === 0
    ? `the module skipped ${all}`
    : skipped === 0
    ? `${all} ${read === 1 ? "was" : "were"} rejected`
    : `of its ${records}, ${formatCount(rejected, "record")} were rejected, the others skipped`;
  return new Failure("refused", "nothing-stored", `Cannot load the file: ${state}`, {
    hint: rejected > 0
      ? "The rejects have the reasons. Fix the file, or the module if it does not fit the file."
      : "Check that it is the file that the module expects. If such files are normal, set " +
        "allowEmpty: true in the module.",
    details: { read },
  });
}

/** Whether a file was only read because its header has the columns that the module declares. */
function hasCheckedHeader({ format, hasRow }: Pick<Declaration, "format" | "hasRow">): boolean {
  switch (format.kind) {
    case "csv":
    case "xlsx": {
      const { header = true, columns } = format.options;
      return header === true && (!hasRow || columns !== undefined);
    }
    case "parquet":
    case "avro":
      return !hasRow || format.options.columns !== undefined;
    default:
      return false;
  }
}
