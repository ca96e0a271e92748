import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../base/failure.ts";
import { orNull } from "../data/durable.ts";

const fileSchema = z.object({
  /** Relative to the backup, with slashes. */
  path: z.string().regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/),
  /** Bytes. */
  size: z.int().nonnegative(),
  /** Lower-case hex; null where the backup is a link to the file itself. */
  sha256: z.string().nullable(),
  /** Of a symbolic link to its neighbour: that one's name. */
  link: z.string().regex(/^[^/\\]+$/).optional(),
});

const manifestSchema = z.object({
  program: z.string(),
  dataVersion: z.int().positive(),
  /** ISO 8601 in UTC. */
  createdAt: z.string(),
  files: z.array(fileSchema),
});

/** What a backup holds; written last, so that a folder without it is no backup. */
export type Manifest = z.infer<typeof manifestSchema>;
export type BackedUpFile = z.infer<typeof fileSchema>;

export const MANIFEST = "backup.json";

/** @throws {Failure} `not-a-backup` */
export async function readManifest(dir: string): Promise<Manifest> {
  const text = await orNull(Deno.readTextFile(join(dir, MANIFEST)));
  const parsed = manifestSchema.safeParse(text === null ? null : parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Failure(
    "usage",
    "not-a-backup",
    `Cannot restore "${dir}": ${text === null ? "it has no" : "it has a damaged"} ${MANIFEST}`,
    { hint: "Name a folder that mysimbdp manage backup has made." },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
