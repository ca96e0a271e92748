import { formatCount } from "../base/count.ts";
import type { FileRecord, ReadBack } from "../storage/contract.ts";

/** Notices for operator and customer about rows of a replay that cannot be read as they were written. */
export function hiddenNotices({ id, replay }: FileRecord, read: ReadBack | undefined): string[] {
  if (!read || read.hidden === 0) return [];
  const why = replay?.order === "arrival"
    ? "they, or a column, were deleted after the file arrived"
    : "they, or a column, were deleted with a later time than that of this load, probably by a " +
      "machine whose clock is ahead";
  return [
    `Of ${formatCount(read.sampled, "row")} read after this load, ${read.hidden} cannot be seen ` +
    `as written: ${why}. To make its rows visible, the operator loads the file again with ` +
    `mysimbdp manage replay ${id} --now`,
  ];
}
