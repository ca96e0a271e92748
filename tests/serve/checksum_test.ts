import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { openIntake } from "../../src/staging/intake.ts";
import {
  appending,
  creation,
  type Harness,
  problemCode,
  sha256Hex,
  TUS,
  withApp,
} from "./harness.ts";

function checksum(algorithm: string, text: string): string {
  if (algorithm !== "crc32") {
    return `${algorithm} ${createHash(algorithm).update(text).digest("base64")}`;
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return `crc32 ${bytes.toString("base64")}`;
}

async function begin({ send }: Harness, length: number): Promise<string> {
  const headers = creation("a.csv", length);
  const created = await send("/v1/uploads", { method: "POST", headers });
  return created.headers.get("Location") ?? "";
}

Deno.test("bytes with the right checksum are stored, for each algorithm that OPTIONS lists", () =>
  withApp(async (harness) => {
    const { send } = harness;
    const options = await send("/v1/uploads", { method: "OPTIONS" });
    const algorithms = options.headers.get("Tus-Checksum-Algorithm")?.split(",") ?? [];
    const location = await begin(harness, algorithms.length * 3);
    for (const [index, algorithm] of algorithms.entries()) {
      const headers = appending(index * 3, { "Upload-Checksum": checksum(algorithm, "abc") });
      const response = await send(location, { method: "PATCH", headers, body: "abc" });
      assert.equal(response.status, 204, algorithm);
    }
    const head = await send(location, { method: "HEAD", headers: TUS });
    assert.equal(head.headers.get("Mysimbdp-Sha256"), sha256Hex("abc".repeat(algorithms.length)));
  }));

Deno.test("bytes with a wrong checksum are discarded with 460, and the upload can continue", () =>
  withApp(async (harness) => {
    const { send, intake } = harness;
    const location = await begin(harness, 6);
    await send(location, { method: "PATCH", headers: appending(0), body: "abc" });
    const headers = appending(3, { "Upload-Checksum": checksum("sha1", "def") });
    const wrong = await send(location, { method: "PATCH", headers, body: "dxf" });
    assert.equal(wrong.status, 460);
    assert.equal(await problemCode(wrong), "checksum-mismatch");
    const head = await send(location, { method: "HEAD", headers: TUS });
    assert.equal(head.headers.get("Upload-Offset"), "3");
    assert.equal((await Deno.stat(intake.layout.upload(location.slice(-26)))).size, 3);
    const right = await send(location, { method: "PATCH", headers, body: "def" });
    assert.equal(right.headers.get("Mysimbdp-Sha256"), sha256Hex("abcdef"));
  }));

Deno.test("an unknown algorithm and an unreadable checksum are refused with 400", () =>
  withApp(async (harness) => {
    const location = await begin(harness, 3);
    for (const header of ["rot13 YWJj", "sha1", "sha1 *"]) {
      const headers = appending(0, { "Upload-Checksum": header });
      const response = await harness.send(location, { method: "PATCH", headers, body: "abc" });
      assert.equal(response.status, 400, header);
    }
  }));

Deno.test("bytes that were not verified before a crash are discarded after it", async () => {
  const dataDir = await Deno.makeTempDir();
  const before = await openIntake(dataDir);
  const upload = await before.uploads.create({
    id: before.nextId(),
    tenant: "customer-1",
    name: "a.csv",
    length: 6,
    sha256: null,
    batch: null,
    counted: true,
    metadata: "",
    createdAt: Date.now(),
  });
  await Deno.writeTextFile(before.layout.upload(upload.info.id), "abc");
  upload.offset = 3;
  await before.uploads.markUnchecked(upload, true);
  await Deno.writeTextFile(before.layout.upload(upload.info.id), "x", { append: true });
  before.close();

  const after = await openIntake(dataDir);
  assert.equal(after.uploads.get(upload.info.id)?.offset, 3);
  assert.equal(await Deno.readTextFile(after.layout.upload(upload.info.id)), "abc");
  after.close();
  await Deno.remove(dataDir, { recursive: true });
});
