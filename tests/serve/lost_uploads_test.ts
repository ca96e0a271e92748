import assert from "node:assert/strict";
import { uploadListSchema } from "../../src/protocol/file_view.ts";
import {
  appending,
  creation,
  type Harness,
  sha256Hex,
  stagedFiles,
  TUS,
  withApp,
} from "./harness.ts";

/** An upload with 5 of 10 bytes. */
async function half(harness: Harness) {
  const headers = creation("a.csv", 10);
  const created = await harness.send("/v1/uploads", { method: "POST", headers });
  const location = created.headers.get("Location") ?? "";
  const part = await harness.send(location, {
    method: "PATCH",
    headers: appending(0),
    body: "hello",
  });
  assert.equal(part.status, 204);
  return { location, path: `${harness.dataDir}${location.slice("/v1".length)}` };
}

async function listed(harness: Harness) {
  const response = await harness.send("/v1/uploads");
  return uploadListSchema.parse(await response.json()).uploads;
}

const GONE: Record<string, (path: string) => Promise<void>> = {
  "its bytes were removed": (path) => Deno.remove(path),
  "its record was removed": (path) => Deno.remove(`${path}.json`),
  "both were removed": async (path) => {
    await Deno.remove(path);
    await Deno.remove(`${path}.json`);
  },
  "all uploads were removed": async (path) => {
    await Deno.remove(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")));
  },
  "a folder is in its place": async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(`${path}/inside`, { recursive: true });
  },
  "a symbolic link is in its place": async (path) => {
    await Deno.rename(path, `${path}.moved`);
    await Deno.symlink(`${path}.moved`, path);
  },
};

for (const [title, destroy] of Object.entries(GONE)) {
  Deno.test(`an unfinished upload is gone (${title}): the client starts again`, () =>
    withApp(async (harness) => {
      for (const method of ["list", "HEAD", "PATCH", "DELETE"]) {
        const { location, path } = await half(harness);
        await destroy(path);
        if (method === "list") {
          assert.deepEqual(await listed(harness), []);
        } else {
          const headers = method === "PATCH" ? appending(5) : TUS;
          const body = method === "PATCH" ? "world" : undefined;
          const response = await harness.send(location, { method, headers, body });
          assert.equal(response.status, 404, method);
        }
        const again = await harness.send(location, { method: "HEAD", headers: TUS });
        assert.equal(again.status, 404);
        assert.equal(harness.intake.uploads.size, 0);
        await Deno.remove(path, { recursive: true }).catch(() => {});
      }
      assert.deepEqual(await stagedFiles(harness.dataDir, "customer-1"), []);
    }));
}

Deno.test("an upload that was cut off is resumed at the end of its bytes, and hashed again", () =>
  withApp(async (harness) => {
    const { location, path } = await half(harness);
    await Deno.truncate(path, 2);
    assert.equal((await listed(harness))[0]?.offset, 2);
    const late = await harness.send(location, {
      method: "PATCH",
      headers: appending(5),
      body: "world",
    });
    assert.equal(late.status, 409);
    assert.equal(late.headers.get("Upload-Offset"), "2");
    const head = await harness.send(location, { method: "HEAD", headers: TUS });
    assert.equal(head.headers.get("Upload-Offset"), "2");
    const rest = { method: "PATCH", headers: appending(2), body: "y world!" };
    const last = await harness.send(location, rest);
    assert.equal(last.status, 204);
    assert.equal(last.headers.get("Mysimbdp-Sha256"), sha256Hex("hey world!"));
    const [id] = await stagedFiles(harness.dataDir, "customer-1");
    const bytes = await Deno.readTextFile(`${harness.dataDir}/staging/customer-1/${id}`);
    assert.equal(bytes, "hey world!");
  }));

Deno.test("bytes that somebody added to an upload are cut off", () =>
  withApp(async (harness) => {
    const { location, path } = await half(harness);
    await Deno.writeTextFile(path, " and more than it may have", { append: true });
    const head = await harness.send(location, { method: "HEAD", headers: TUS });
    assert.equal(head.headers.get("Upload-Offset"), "5");
    const rest = { method: "PATCH", headers: appending(5), body: "world" };
    const last = await harness.send(location, rest);
    assert.equal(last.headers.get("Mysimbdp-Sha256"), sha256Hex("helloworld"));
  }));

Deno.test("bytes that somebody replaced by as many are hashed again", () =>
  withApp(async (harness) => {
    const { location, path } = await half(harness);
    await Deno.writeTextFile(path, "HELLO");
    await Deno.utime(path, 1, 1);
    const rest = { method: "PATCH", headers: appending(5), body: "world" };
    const last = await harness.send(location, rest);
    assert.equal(last.headers.get("Mysimbdp-Sha256"), sha256Hex("HELLOworld"));
  }));

for (
  const [title, meddle] of Object.entries({
    "cut off": (path: string) => Deno.truncate(path, 1),
    removed: (path: string) => Deno.remove(path),
  })
) {
  Deno.test(`an upload that is ${title} while bytes arrive is dropped, without a hole of zeros`, () =>
    withApp(async (harness) => {
      const size = 2 * 1024 * 1024;
      const headers = creation("a.csv", 5 + 2 * size);
      const created = await harness.send("/v1/uploads", { method: "POST", headers });
      const location = created.headers.get("Location") ?? "";
      const path = `${harness.dataDir}${location.slice("/v1".length)}`;
      const part = new Uint8Array(size).fill(120);
      const { promise: isWritten, resolve } = Promise.withResolvers<void>();
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(part);
          while ((await Deno.stat(path)).size < size / 2) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          await meddle(path);
          controller.enqueue(part);
          controller.close();
          resolve();
        },
      });
      const patched = await harness.send(location, {
        method: "PATCH",
        headers: appending(0),
        body,
      });
      await isWritten;
      assert.equal(patched.status, 404);
      const head = await harness.send(location, { method: "HEAD", headers: TUS });
      assert.equal(head.status, 404);
      assert.deepEqual(await listed(harness), []);
    }));
}

Deno.test("an upload whose bytes are gone does not keep its place in a batch", () =>
  withApp(async (harness) => {
    const { path } = await half(harness);
    const headers = creation("b.csv", 10);
    const refused = await harness.send("/v1/uploads", { method: "POST", headers });
    assert.equal(refused.status, 422);
    await Deno.remove(path);
    const created = await harness.send("/v1/uploads", { method: "POST", headers });
    assert.equal(created.status, 201);
  }, { app: { defaultConstraints: { formats: [".csv"], number_files: 1, data_sizes: 9 } } }));

Deno.test("the sweep forgets uploads that are gone and keeps the others", () =>
  withApp(async (harness) => {
    const [gone, kept] = [await half(harness), await half(harness)];
    await Deno.remove(gone.path);
    await harness.intake.expire();
    const uploads = await listed(harness);
    assert.deepEqual(uploads.map(({ id }) => id), [kept.location.split("/").at(-1)]);
  }));
