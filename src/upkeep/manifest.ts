import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../base/failure.ts";
import { readJson } from "../data/durable.ts";

const fileSchema = z.object({
  /** Relative to the backup, with slashes. */
  path: z.string().regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/),
  /** Bytes. */
  size: z.int().nonnegative(),
  /** Lower-case hex; null when the backup is a hard link to the file. */
  sha256: z.string().nullable(),
  /** For a symbolic link: the name it points to, in the same folder. */
  link: z.string().regex(/^[^/\\]+$/).optional(),
});

const manifestSchema = z.object({
  program: z.string(),
  dataVersion: z.int().positive(),
  /** ISO 8601 in UTC. */
  createdAt: z.string(),
  files: z.array(fileSchema),
});

/** The contents of a backup. Written last: a folder without it is not a backup. */
export type Manifest = z.infer<typeof manifestSchema>;
export type BackedUpFile = z.infer<typeof fileSchema>;

export const MANIFEST = "backup.json";

/** @throws {Failure} `not-a-backup` */
export async function readManifest(dir: string): Promise<Manifest> {
  const parsed = manifestSchema.safeParse(await readJson(join(dir, MANIFEST)));
  if (parsed.success) return parsed.data;
  const text = `Cannot restore "${dir}": it has no valid ${MANIFEST}`;
  throw new Failure("usage", "not-a-backup", text, {
    hint: "Name a folder that was created by mysimbdp manage backup.",
  });
}
