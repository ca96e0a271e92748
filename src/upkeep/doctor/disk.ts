import { statfs } from "node:fs/promises";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";

const MIN_FREE_BYTES = 256 * 1024 ** 2;
const FULL_SHARE = 0.8;

/** Free space and free inodes. */
export async function checkDisk({ layout }: CheckContext): Promise<Finding[]> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(layout.root);
  const free = bavail * bsize;
  const used = 1 - bavail / blocks;
  const usedFiles = files === 0 ? 0 : 1 - ffree / files;
  const shown = `${Math.round(used * 100)} % used, ${(free / 1024 ** 3).toFixed(1)} GiB free`;
  const hint = "Reduce manage.archive_days, remove old files from quarantine/, or add disk space.";
  if (free < MIN_FREE_BYTES) {
    return [failed("disk", `${shown}: uploads will soon be refused`, hint)];
  }
  if (used >= FULL_SHARE) return [warning("disk", shown, hint)];
  if (usedFiles >= FULL_SHARE) {
    const share = Math.round(usedFiles * 100);
    return [warning("disk", `${share} % of the file system's inodes are used`, hint)];
  }
  return [ok("disk", shown)];
}
