import { diskUse } from "../data/free_space.ts";
import type { Layout } from "../data/layout.ts";
import type { Emit } from "./events.ts";

/** From this share of the disk on the operator is warned. */
const FULL_SHARE = 0.8;

/** Tells when the disk of the data directory fills up. */
export async function warnOfDisk(layout: Layout, emit: Emit): Promise<void> {
  const { usedShare, freeBytes } = await diskUse(layout.root);
  if (usedShare >= FULL_SHARE) emit({ kind: "disk.low", path: layout.root, usedShare, freeBytes });
}
