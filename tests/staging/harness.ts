import { createHash } from "node:crypto";
import type { Intake } from "../../src/staging/intake.ts";
import { listFolder } from "../../src/data/durable.ts";
import { createFileIds } from "../../src/data/file_id.ts";
import { Layout, prepareData } from "../../src/data/layout.ts";
import { type StagedFile, writeSidecar } from "../../src/staging/sidecar.ts";
import type { Upload } from "../../src/staging/upload.ts";

/** Runs a test with a temporary data directory. */
export async function withData(test: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "mysimbdp-staging-" });
  try {
    await test(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** Runs a test with a prepared data directory. */
export function withLayout(test: (layout: Layout) => Promise<void>): Promise<void> {
  return withData(async (dataDir) => {
    const layout = new Layout(dataDir);
    await prepareData(layout);
    await test(layout);
  });
}

/** An upload with all its bytes that was not handed over. */
export async function completeUpload(
  intake: Intake,
  name: string,
  content: string,
  more: { sha256?: string } = {},
): Promise<Upload> {
  const bytes = new TextEncoder().encode(content);
  const upload = await intake.uploads.create({
    id: intake.nextId(),
    tenant: "customer-1",
    name,
    length: bytes.length,
    sha256: more.sha256 ?? null,
    batch: null,
    counted: true,
    metadata: "",
    createdAt: Date.now(),
  });
  const writer = await intake.uploads.openWriter(upload);
  await writer.write(bytes);
  await writer.close();
  upload.offset = bytes.length;
  return upload;
}

/** Hands over a complete upload as a request does. */
export function finish(intake: Intake, upload: Upload) {
  return intake.uploads.hold(upload, () => intake.finish(upload));
}

export function sha256Hex(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The sorted names in a folder; none when it is missing. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await listFolder(folder)).map(({ name }) => name).sort();
}

const nextId = createFileIds();

/** Puts a file with a record into staging. */
export async function stage(layout: Layout, more: Partial<StagedFile> = {}): Promise<StagedFile> {
  const file: StagedFile = {
    id: nextId(),
    tenant: "customer-1",
    name: "a.csv",
    version: 1,
    size: 3,
    sha256: "00",
    batch: null,
    receivedAt: 1,
    ...more,
  };
  await writeSidecar(layout, "staging", file);
  await Deno.writeTextFile(layout.file("staging", file.tenant, file.id), "abc");
  return file;
}
