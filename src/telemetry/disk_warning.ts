import { diskUse } from "../data/free_space.ts";
import type { Layout } from "../data/layout.ts";
import type { Emit } from "./events.ts";

/** The operator is warned once this share of the disk is used. */
const FULL_SHARE = 0.8;

/** Emits `disk.low` if the disk of the data directory is almost full. */
export async function warnOfDisk(layout: Layout, emit: Emit): Promise<void> {
  const { usedShare, freeBytes } = await diskUse(layout.root);
  if (usedShare >= FULL_SHARE) emit({ kind: "disk.low", path: layout.root, usedShare, freeBytes });
}
