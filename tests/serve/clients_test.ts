import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import * as tus from "tus-js-client";
import { basic, sha256Hex, stagedFiles, TUS } from "./harness.ts";
import { type Listening, withServer } from "./listening.ts";

const AUTH = { Authorization: basic("customer-1", "secret") };

function sendByTus(
  { url }: Listening,
  bytes: Uint8Array,
  options: Partial<tus.UploadOptions>,
): Promise<tus.Upload> {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(Readable.from([bytes]), {
      endpoint: `${url}/v1/uploads`,
      uploadSize: bytes.length,
      chunkSize: 300_000,
      headers: AUTH,
      metadata: { filename: "a.csv" },
      retryDelays: [0, 20, 50],
      onError: reject,
      onSuccess: () => resolve(upload),
      ...options,
    });
    upload.start();
  });
}

async function assertStaged({ dataDir }: Listening, bytes: Uint8Array): Promise<void> {
  const [id, ...others] = await stagedFiles(dataDir, "customer-1");
  assert.deepEqual(others, []);
  const staged = await Deno.readFile(`${dataDir}/staging/customer-1/${id}`);
  assert.equal(sha256Hex(staged), sha256Hex(bytes));
}

// The client keeps timers and files until its process ends.
const CLIENT = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "an unmodified tus-js-client uploads, with and without data at creation",
  CLIENT,
  () =>
    withServer(async (listening) => {
      const bytes = randomBytes(1_000_000);
      await sendByTus(listening, bytes, {});
      await assertStaged(listening, bytes);
      await sendByTus(listening, bytes, { uploadDataDuringCreation: true });
      await assertStaged(listening, bytes);
      await sendByTus(listening, bytes, { overridePatchMethod: true });
      await assertStaged(listening, bytes);
    }),
);

Deno.test(
  "tus-js-client resumes the upload of a stopped client",
  CLIENT,
  () =>
    withServer(async (listening) => {
      const bytes = randomBytes(1_000_000);
      const stopped = await new Promise<tus.Upload>((resolve, reject) => {
        const upload = new tus.Upload(Readable.from([bytes]), {
          endpoint: `${listening.url}/v1/uploads`,
          uploadSize: bytes.length,
          chunkSize: 300_000,
          headers: AUTH,
          metadata: { filename: "a.csv" },
          onError: reject,
          onChunkComplete: () => void upload.abort().then(() => resolve(upload), reject),
        });
        upload.start();
      });
      const offsets: number[] = [];
      const path = await Deno.makeTempFile();
      await Deno.writeFile(path, bytes);
      await new Promise<void>((resolve, reject) => {
        new tus.Upload(createReadStream(path), {
          endpoint: `${listening.url}/v1/uploads`,
          uploadUrl: stopped.url,
          uploadSize: bytes.length,
          chunkSize: 300_000,
          headers: AUTH,
          retryDelays: [50, 100, 200, 400],
          onProgress: (sent) => offsets.push(sent),
          onError: reject,
          onSuccess: () => resolve(),
        }).start();
      });
      assert.ok((offsets[0] ?? 0) >= 300_000, `it began at ${offsets[0]}`);
      await assertStaged(listening, bytes);
      await Deno.remove(path);

      const refused = sendByTus(listening, bytes, { metadata: { filename: "a.exe" } });
      await assert.rejects(refused, /format-not-allowed/);
    }),
);

Deno.test("curl uploads with POST and PATCH", CLIENT, () =>
  withServer(async (listening) => {
    const bytes = randomBytes(3_000_000);
    const path = await Deno.makeTempFile();
    await Deno.writeFile(path, bytes);
    const created = await fetch(`${listening.url}/v1/uploads`, {
      method: "POST",
      headers: {
        ...AUTH,
        ...TUS,
        "Upload-Length": String(bytes.length),
        "Upload-Metadata": `filename ${btoa("a.csv")}`,
      },
    });
    await created.body?.cancel();
    const location = created.headers.get("Location") ?? "";
    const args = ["-sS", "-u", "customer-1:secret", "-X", "PATCH", "-T", path];
    const headers = [
      "Tus-Resumable: 1.0.0",
      "Upload-Offset: 0",
      "Content-Type: application/offset+octet-stream",
    ].flatMap((header) => ["-H", header]);
    const output = ["-o", "/dev/null", "-w", "%{http_code}"];
    const { stdout } = await new Deno.Command("curl", {
      args: [...args, ...headers, ...output, listening.url + location],
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "204");
    await assertStaged(listening, bytes);
    await Deno.remove(path);
  }));
