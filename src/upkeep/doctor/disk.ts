import { diskUse } from "../../base/disk.ts";
import { formatMib } from "../../base/count.ts";
import {
  findShortage,
  type Shortage,
  shortageHint,
  shortageText,
  WARNING_SHARE,
} from "../../data/free_space.ts";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";

/** Free space and free inodes. */
export function checkDisk({ layout, config }: CheckContext): Promise<Finding[]> {
  const reserveBytes = config.disk.reserve_mb * 1024 ** 2;
  const shortage = findShortage(layout.disks, reserveBytes);
  if (shortage) return Promise.resolve([full(shortage)]);
  const { usedShare, usedInodesShare, freeBytes } = diskUse(layout.root);
  const shown = `${percent(usedShare)} used, ${formatMib(freeBytes)} free`;
  const hint = "Reduce manage.archive_days, remove old files from quarantine/, or add disk space.";
  if (usedShare >= WARNING_SHARE) return Promise.resolve([warning("disk", shown, hint)]);
  if (usedInodesShare >= WARNING_SHARE) {
    const text = `${percent(usedInodesShare)} of the file system's inodes are used`;
    return Promise.resolve([warning("disk", text, hint)]);
  }
  return Promise.resolve([ok("disk", shown)]);
}

function full(shortage: Shortage): Finding {
  const text = `${shortageText(shortage)}: uploads are refused (507) and loads wait`;
  return failed("disk", text, shortageHint(shortage));
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
