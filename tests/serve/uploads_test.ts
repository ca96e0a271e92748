import assert from "node:assert/strict";
import {
  appending,
  base64,
  creation,
  filesBelow,
  problemCode,
  sha256Hex,
  stagedFiles,
  TUS,
  uploadWhole,
  withApp,
} from "./harness.ts";

Deno.test("an upload in pieces ends as one staged file with its record", () =>
  withApp(async ({ send, dataDir }) => {
    const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 10) });
    assert.equal(created.status, 201);
    assert.equal(created.headers.get("Tus-Resumable"), "1.0.0");
    assert.ok(Date.parse(created.headers.get("Upload-Expires") ?? "") > Date.now());
    const location = created.headers.get("Location") ?? "";

    const first = await send(location, { method: "PATCH", headers: appending(0), body: "hello" });
    assert.equal(first.status, 204);
    assert.equal(first.headers.get("Upload-Offset"), "5");
    assert.ok(first.headers.get("Upload-Expires"));
    assert.deepEqual(await stagedFiles(dataDir, "customer-1"), []);

    const head = await send(location, { method: "HEAD", headers: TUS });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get("Upload-Offset"), "5");
    assert.equal(head.headers.get("Upload-Length"), "10");
    assert.equal(head.headers.get("Cache-Control"), "no-store");
    assert.equal(head.headers.get("Upload-Metadata"), `filename ${base64("a.csv")}`);

    const last = await send(location, { method: "PATCH", headers: appending(5), body: "world" });
    assert.equal(last.status, 204);
    const id = last.headers.get("Mysimbdp-File-Id") ?? "";
    assert.equal(last.headers.get("Mysimbdp-Sha256"), sha256Hex("helloworld"));
    assert.equal(location, `/v1/uploads/${id}`);
    assert.deepEqual(await filesBelow(`${dataDir}/staging`), [
      `customer-1/.${id}.json`,
      `customer-1/${id}`,
    ]);
    assert.equal(await Deno.readTextFile(`${dataDir}/staging/customer-1/${id}`), "helloworld");
    assert.deepEqual(await filesBelow(`${dataDir}/uploads`), []);

    const finished = await send(location, { method: "HEAD", headers: TUS });
    assert.equal(finished.status, 200);
    assert.equal(finished.headers.get("Upload-Offset"), "10");
    assert.equal(finished.headers.get("Upload-Length"), "10");
  }));

Deno.test("creation-with-upload accepts a whole file, even an empty one, in one request", () =>
  withApp(async (harness) => {
    const response = await uploadWhole(harness, "a.csv", "x,y\n1,2\n");
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("Upload-Offset"), "8");
    assert.ok(response.headers.get("Mysimbdp-File-Id"));
    const empty = await harness.send("/v1/uploads", {
      method: "POST",
      headers: creation("empty.csv", 0),
    });
    assert.equal(empty.status, 201);
    assert.equal(empty.headers.get("Mysimbdp-Sha256"), sha256Hex(""));
    assert.equal((await stagedFiles(harness.dataDir, "customer-1")).length, 2);
  }));

Deno.test("OPTIONS shows version, extensions, algorithms and the tenant's size limit", () =>
  withApp(async ({ send }) => {
    const response = await send("/v1/uploads", { method: "OPTIONS" });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("Tus-Version"), "1.0.0");
    assert.equal(
      response.headers.get("Tus-Extension"),
      "creation,creation-with-upload,checksum,termination,expiration",
    );
    assert.match(response.headers.get("Tus-Checksum-Algorithm") ?? "", /sha1,sha256/);
    assert.equal(response.headers.get("Tus-Max-Size"), String(1e6 * 1024));
  }));

Deno.test("requests that do not follow tus 1.0.0 are refused and change nothing", () =>
  withApp(async ({ send, dataDir }) => {
    const { "Tus-Resumable": _, ...unversioned } = creation("a.csv", 3);
    const noVersion = await send("/v1/uploads", { method: "POST", headers: unversioned });
    assert.equal(noVersion.status, 412);
    assert.equal(noVersion.headers.get("Tus-Version"), "1.0.0");

    const create = async (headers: Record<string, string>) => {
      const response = await send("/v1/uploads", { method: "POST", headers });
      return [response.status, await problemCode(response)];
    };
    const { "Upload-Length": __, ...noLength } = creation("a.csv", 3);
    assert.deepEqual(await create(noLength), [400, "bad-request"]);
    assert.deepEqual(await create({ ...noLength, "Upload-Defer-Length": "1" }), [
      400,
      "upload-length-deferred",
    ]);
    assert.deepEqual(await create({ ...noLength, "Upload-Length": "-1" }), [400, "bad-request"]);
    assert.deepEqual(await create({ ...creation("a.csv", 3), "Upload-Concat": "partial" }), [
      400,
      "bad-request",
    ]);
    assert.deepEqual(await create({ ...TUS, "Upload-Length": "3" }), [400, "bad-request"]);
    assert.deepEqual(await create(creation("a.csv", 3, { sha256: "xyz" })), [400, "bad-request"]);
    assert.deepEqual(await filesBelow(`${dataDir}/uploads`), []);

    const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 3) });
    const location = created.headers.get("Location") ?? "";
    const patch = async (headers: Record<string, string>, body = "abc") => {
      const response = await send(location, { method: "PATCH", headers, body });
      return [response.status, await problemCode(response)];
    };
    assert.deepEqual(await patch({ ...appending(0), "Content-Type": "text/plain" }), [
      415,
      "wrong-content-type",
    ]);
    assert.deepEqual(await patch(appending(1)), [409, "offset-conflict"]);
    assert.deepEqual(await patch(appending(0), "abcd"), [413, "length-exceeded"]);
    const head = await send(location, { method: "HEAD", headers: TUS });
    assert.equal(head.headers.get("Upload-Offset"), "0");
  }));

Deno.test("more bytes than announced are never stored, and the right ones are accepted later", () =>
  withApp(async ({ send, intake }) => {
    const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 6) });
    const location = created.headers.get("Location") ?? "";
    await send(location, { method: "PATCH", headers: appending(0), body: "abc" });
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(70_000)),
    });
    const response = await send(location, {
      method: "PATCH",
      headers: appending(3),
      body: endless,
    });
    assert.equal(response.status, 413);
    const id = location.split("/").at(-1) ?? "";
    assert.equal((await Deno.stat(intake.layout.upload(id))).size, 3);
    const last = await send(location, { method: "PATCH", headers: appending(3), body: "def" });
    assert.equal(last.headers.get("Mysimbdp-Sha256"), sha256Hex("abcdef"));
  }));

Deno.test("termination deletes an unfinished upload; a finished one stays", () =>
  withApp(async (harness) => {
    const { send, dataDir } = harness;
    const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 6) });
    const location = created.headers.get("Location") ?? "";
    const ended = await send(location, { method: "DELETE", headers: TUS });
    assert.equal(ended.status, 204);
    assert.equal((await send(location, { method: "HEAD", headers: TUS })).status, 404);
    assert.deepEqual(await filesBelow(`${dataDir}/uploads`), []);

    const whole = await uploadWhole(harness, "a.csv", "abc");
    const finished = whole.headers.get("Location") ?? "";
    const late = await send(finished, { method: "DELETE", headers: TUS });
    assert.deepEqual([late.status, await problemCode(late)], [409, "already-finished"]);
    assert.equal((await stagedFiles(dataDir, "customer-1")).length, 1);
  }));

Deno.test("X-HTTP-Method-Override replaces the method", () =>
  withApp(async ({ send }) => {
    const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 6) });
    const location = created.headers.get("Location") ?? "";
    const patched = await send(location, {
      method: "POST",
      headers: appending(0, { "X-HTTP-Method-Override": "PATCH" }),
      body: "abc",
    });
    assert.equal(patched.status, 204);
    const headers = { ...TUS, "X-HTTP-Method-Override": "DELETE" };
    assert.equal((await send(location, { method: "POST", headers })).status, 204);
    assert.equal((await send(location, { method: "POST", headers: TUS })).status, 400);
  }));

Deno.test("an upload is invisible to other tenants", () =>
  withApp(async (harness) => {
    const { send } = harness;
    const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 6) });
    const whole = await uploadWhole(harness, "b.csv", "abc");
    for (const location of [created, whole].map((r) => r.headers.get("Location") ?? "")) {
      const as = "customer-2";
      assert.equal((await send(location, { as, method: "HEAD", headers: TUS })).status, 404);
      const patch = { as, method: "PATCH", headers: appending(0), body: "x" };
      assert.equal((await send(location, patch)).status, 404);
      assert.equal((await send(location, { as, method: "DELETE", headers: TUS })).status, 404);
      const file = location.replace("uploads", "files");
      assert.equal((await send(file, { as })).status, 404);
      assert.equal((await send(`${file}/rejects`, { as })).status, 404);
    }
    const list = async (as: string) => (await (await send("/v1/uploads", { as })).json()).uploads;
    assert.deepEqual(await list("customer-2"), []);
    const location = created.headers.get("Location") ?? "";
    const id = location.split("/").at(-1);
    const [{ createdAt, expiresAt, ...own }] = await list("customer-1");
    assert.deepEqual(own, {
      id,
      name: "a.csv",
      sha256: null,
      length: 6,
      offset: 0,
      idleSeconds: 0,
    });
    assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 3_600_000);
    assert.equal((await send(location, { method: "HEAD", headers: TUS })).status, 200);
  }));

Deno.test("the client's sha256 is checked at the end; a wrong one leaves nothing behind", () =>
  withApp(async (harness) => {
    const { dataDir, intake } = harness;
    const metadata = { sha256: sha256Hex("other") };
    const response = await uploadWhole(harness, "a.csv", "abc", { metadata });
    assert.equal(response.status, 422);
    assert.equal(await problemCode(response), "sha256-mismatch");
    assert.deepEqual(await filesBelow(`${dataDir}/uploads`), []);
    assert.deepEqual(await stagedFiles(dataDir, "customer-1"), []);
    assert.equal(intake.receipts.list({ tenant: "customer-1", limit: 10 }).length, 0);
    const right = await uploadWhole(harness, "a.csv", "abc", {
      metadata: { sha256: sha256Hex("abc").toUpperCase() },
    });
    assert.equal(right.status, 201);
  }));

Deno.test("an abandoned upload expires and its bytes are deleted", async () => {
  let now = 1_700_000_000_000;
  await withApp(
    async ({ send, intake, dataDir }) => {
      const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 6) });
      const location = created.headers.get("Location") ?? "";
      assert.equal(created.headers.get("Upload-Expires"), new Date(now + 1000).toUTCString());
      now += 900;
      await send(location, { method: "PATCH", headers: appending(0), body: "abc" });
      now += 900;
      assert.equal(await intake.expire(), 0);
      assert.equal((await send(location, { method: "HEAD", headers: TUS })).status, 200);
      now += 200;
      assert.equal((await send(location, { method: "HEAD", headers: TUS })).status, 404);
      assert.equal(await intake.expire(), 1);
      assert.deepEqual(await filesBelow(`${dataDir}/uploads`), []);
    },
    { app: { now: () => now }, intake: { now: () => now, expiryMs: 1000 } },
  );
});

Deno.test("a full disk is reported before a byte is stored, and nothing is left behind", () =>
  withApp(async (harness) => {
    const response = await uploadWhole(harness, "a.csv", "abc");
    assert.equal(response.status, 507);
    assert.equal(await problemCode(response), "no-space");
    assert.deepEqual(await filesBelow(`${harness.dataDir}/uploads`), []);
  }, { intake: { reserveBytes: Number.MAX_SAFE_INTEGER } }));

Deno.test("too many concurrent bodies get 503 with Retry-After", () =>
  withApp(async (harness) => {
    const { send } = harness;
    const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 6) });
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await held;
        controller.enqueue(new TextEncoder().encode("abcdef"));
        controller.close();
      },
    });
    const location = created.headers.get("Location") ?? "";
    const first = send(location, { method: "PATCH", headers: appending(0), body: slow });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await uploadWhole(harness, "b.csv", "abc");
    assert.deepEqual([second.status, await problemCode(second)], [503, "too-busy"]);
    assert.equal(second.headers.get("Retry-After"), "1");
    const other = await uploadWhole(harness, "b.csv", "abc", { as: "customer-2" });
    assert.equal(other.status, 201);
    release();
    assert.equal((await first).status, 204);
    assert.equal((await uploadWhole(harness, "b.csv", "abc")).status, 201);
  }, { app: { bodies: { uploads: { total: 2, perCaller: 1 } } } }));

Deno.test("an upload is locked while bytes arrive, and can be taken over when they stop", () => {
  let now = Date.now();
  return withApp(async ({ send }) => {
    const created = await send("/v1/uploads", { method: "POST", headers: creation("a.csv", 6) });
    const location = created.headers.get("Location") ?? "";
    const stuck = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("abc")),
    });
    const first = send(location, { method: "PATCH", headers: appending(0), body: stuck });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const early = await send(location, { method: "DELETE", headers: TUS });
    assert.deepEqual([early.status, await problemCode(early)], [423, "upload-locked"]);
    let late = early;
    // On a busy machine the bytes may arrive after the clock was moved, which counts as progress.
    for (let tries = 0; late.status === 423 && tries < 20; tries++) {
      now += 400;
      await new Promise((resolve) => setTimeout(resolve, 400));
      late = await send(location, { method: "HEAD", headers: TUS });
    }
    assert.equal(late.status, 200);
    assert.equal(late.headers.get("Upload-Offset"), "3");
    assert.equal(await problemCode(await first), "upload-interrupted");
    const last = await send(location, { method: "PATCH", headers: appending(3), body: "def" });
    assert.equal(last.headers.get("Mysimbdp-Sha256"), sha256Hex("abcdef"));
  }, { intake: { now: () => now, takeoverMs: 300 } });
});
