import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ONE_REQUEST_LIMIT } from "../../src/fetch/upload.ts";
import { FakeServer, problem } from "./fake_server.ts";
import { FlakyProxy } from "./flaky_proxy.ts";
import { noise, runOnce, TempDir } from "./setup.ts";

const MIB = 1024 * 1024;
const CONSTRAINTS = { data_sizes: 100_000 };

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}

Deno.test("a small file is sent in one request, a larger one in growing pieces", async () => {
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  await using dir = new TempDir();
  const large = noise(ONE_REQUEST_LIMIT + 5 * MIB + 3);
  await dir.write("small.csv", noise(1000));
  await dir.write("large.csv", large);
  const { outcome, summary } = await runOnce(server, dir.path);
  assert.deepEqual([outcome("small.csv"), outcome("large.csv")], ["sent", "sent"]);
  assert.equal(server.sent("POST").count, 3, "batch, small file, creation of the large one");
  const patches = server.sent("PATCH").count;
  assert.ok(patches >= 2 && patches <= 6, `${patches} pieces`);
  assert.ok(sameBytes(server.files.find((f) => f.name === "large.csv")?.content, large));
  assert.equal(summary.bytes, large.length + 1000);
});

Deno.test("each piece has a Content-Length, for proxies and the server", async () => {
  const said: (string | null)[] = [];
  await using server = new FakeServer({
    constraints: CONSTRAINTS,
    intercept: ({ method, headers }) => {
      if (method === "PATCH") said.push(headers.get("content-length"));
      return undefined;
    },
  });
  await using dir = new TempDir();
  const size = ONE_REQUEST_LIMIT + 5 * MIB + 3;
  await dir.write("large.csv", noise(size));
  const { outcome } = await runOnce(server, dir.path);
  assert.equal(outcome("large.csv"), "sent");
  assert.ok(said.every((length) => length !== null), `${said}`);
  assert.equal(said.reduce((sum, length) => sum + Number(length), 0), size);
});

Deno.test("files of exactly the limit and one byte more arrive completely", async () => {
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  await using dir = new TempDir();
  for (const extra of [0, 1]) {
    await dir.write(`f${extra}.csv`, noise(ONE_REQUEST_LIMIT + extra));
  }
  const { summary } = await runOnce(server, dir.path);
  assert.equal(summary.sent, 2);
});

Deno.test("after a cut connection the upload resumes at the server's offset", async () => {
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  await using proxy = new FlakyProxy(server.port, [700_000, 1_500_000, 900, 2_500_000, 5_000]);
  await using dir = new TempDir();
  const content = noise(12 * MIB);
  await dir.write("a.csv", content);
  const { outcome, events } = await runOnce(proxy, dir.path);
  assert.equal(outcome("a.csv"), "sent");
  assert.ok(sameBytes(server.files[0]?.content, content));
  assert.equal(server.files.length, 1);
  assert.ok(proxy.connections > 5);
  assert.ok(events.some((event) => event.type === "retrying"));
  assert.ok(server.sent("HEAD").count >= 2, "the offset was asked for");
});

Deno.test("a creation whose response is lost is found again, not repeated", async () => {
  await using dir = new TempDir();
  await dir.write("small.csv", noise(1000));
  await dir.write("large.csv", noise(6 * MIB));
  const lost = new Set<string>();
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  const inner = server.url;
  await using front = frontOf(inner, (request) => {
    const first = request.method === "POST" && request.headers.has("upload-length") &&
      !lost.has(request.headers.get("upload-length")!);
    if (first) lost.add(request.headers.get("upload-length")!);
    return first;
  });
  const { summary } = await runOnce(front, dir.path);
  assert.equal(lost.size, 2);
  assert.equal(summary.sent, 2);
  assert.deepEqual(server.names(), ["large.csv", "small.csv"]);
  assert.equal(server.uploads.size, 0, "nothing is left unfinished");
});

Deno.test("the response to the last piece is lost: the file is sent once", async () => {
  await using dir = new TempDir();
  const content = noise(6 * MIB);
  await dir.write("a.csv", content);
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  await using front = frontOf(server.url, (request, answer) => {
    return request.method === "PATCH" && answer.headers.has("mysimbdp-file-id");
  });
  const { outcome } = await runOnce(front, dir.path);
  assert.equal(outcome("a.csv"), "sent");
  assert.equal(server.files.length, 1);
});

Deno.test("5xx, 423 and 409 are retried; other refusals are not", async () => {
  await using dir = new TempDir();
  await dir.write("a.csv", noise(6 * MIB));
  let failures = 0;
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  server.intercept = (request) => {
    const answers = [503, 423, 409, 500, 502];
    if (request.method !== "PATCH" || failures >= answers.length) return;
    return problem(answers[failures++]!, "for-now", "Not now");
  };
  assert.equal((await runOnce(server, dir.path)).outcome("a.csv"), "sent");
  assert.equal(failures, 5);

  await dir.write("b.csv", noise(100));
  let tries = 0;
  server.intercept = (request) => {
    if (!request.headers.has("upload-length")) return;
    tries += 1;
    return problem(415, "format-not-allowed", `Cannot accept "b.csv": no`);
  };
  const second = await runOnce(server, dir.path);
  assert.equal(second.outcome("b.csv"), "refused format-not-allowed");
  assert.equal(tries, 1);
});

Deno.test("a proxy that limits the request size: pieces become smaller", async () => {
  await using dir = new TempDir();
  await dir.write("small.csv", noise(2 * MIB));
  await dir.write("large.csv", noise(6 * MIB));
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  await using front = proxyWithLimit(server.url, 300_000);
  const { summary } = await runOnce(front, dir.path);
  assert.equal(summary.sent, 2);
  assert.deepEqual(server.names(), ["large.csv", "small.csv"]);
});

Deno.test("a server that never recovers: gives up with kind server", async () => {
  await using dir = new TempDir();
  await dir.write("a.csv", noise(100));
  await using server = new FakeServer();
  server.intercept = (request) => {
    return request.headers.has("upload-length") ? problem(503, "down", "Down") : undefined;
  };
  const { outcome, summary } = await runOnce(server, dir.path);
  assert.equal(outcome("a.csv"), "failed down");
  assert.equal(summary.worst, "server");
});

Deno.test("an upload that expired at the server is restarted", async () => {
  await using dir = new TempDir();
  await dir.write("a.csv", noise(8 * MIB));
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  let patches = 0;
  server.intercept = (request) => {
    if (request.method === "PATCH" && ++patches === 2) server.uploads.clear();
    return undefined;
  };
  assert.equal((await runOnce(server, dir.path)).outcome("a.csv"), "sent");
});

Deno.test("damaged bytes are sent again", async () => {
  await using dir = new TempDir();
  const content = noise(6 * MIB);
  await dir.write("a.csv", content);
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  let damaged = false;
  server.intercept = (request) => {
    const [upload] = server.uploads.values();
    const first = upload?.parts[0];
    if (request.method === "PATCH" && first && !damaged) {
      damaged = true;
      first[0] = first[0]! ^ 1;
    }
    return undefined;
  };
  assert.equal((await runOnce(server, dir.path)).outcome("a.csv"), "sent");
  assert.ok(damaged);
  assert.ok(sameBytes(server.files[0]?.content, content));
});

Deno.test("bytes that are damaged every time: gives up after a few tries", async () => {
  await using dir = new TempDir();
  await dir.write("a.csv", "1\n");
  await using server = new FakeServer();
  let tries = 0;
  server.intercept = (request) => {
    if (!request.headers.has("upload-length")) return undefined;
    tries += 1;
    return problem(422, "sha256-mismatch", `Cannot accept "a.csv": its SHA-256 is another`);
  };
  assert.equal((await runOnce(server, dir.path)).outcome("a.csv"), "refused sha256-mismatch");
  assert.equal(tries, 4);
});

Deno.test("a server that reports a different SHA-256 is a failure", async () => {
  await using dir = new TempDir();
  await dir.write("a.csv", "1\n");
  await using server = new FakeServer();
  await using front = frontOf(server.url, () => false, (answer) => {
    if (answer.headers.has("mysimbdp-sha256")) {
      answer.headers.set("mysimbdp-sha256", "0".repeat(64));
    }
  });
  const { outcome } = await runOnce(front, dir.path);
  assert.equal(outcome("a.csv"), "failed damaged");
});

Deno.test("an unfinished upload is resumed only for the same content", async () => {
  const content = noise(8 * MIB);
  const sha256 = createHash("sha256").update(content).digest("hex");
  await using dir = new TempDir();
  await dir.write("a.csv", content);
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  const part = { name: "a.csv", batch: null, length: content.length, offset: 5 * MIB };
  const parts = [content.slice(0, 5 * MIB)];
  server.uploads.set("other", { id: "other", ...part, parts, sha256: "0".repeat(64) });
  server.uploads.set("same", { id: "same", ...part, parts, sha256 });
  const { events } = await runOnce(server, dir.path);
  const sent = events.find((event) => event.type === "sent");
  assert.equal(sent?.resumedFrom, 5 * MIB);
  assert.equal(sent?.id, "same");
  assert.ok(sameBytes(server.files[0]?.content, content));
  assert.equal(server.uploads.get("other")?.offset, 5 * MIB, "the other one is untouched");
});

Deno.test("what an earlier run began to send of another content is discarded once it is abandoned", async () => {
  await using dir = new TempDir();
  await dir.write("a.csv", noise(MIB));
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  const begun = { batch: null, length: MIB, offset: 5, parts: [], sha256: "0".repeat(64) };
  server.uploads.set("old", { id: "old", name: "a.csv", ...begun });
  server.uploads.set("of-another-file", { id: "of-another-file", name: "b.csv", ...begun });
  server.idleSeconds = 3600;
  const { outcome } = await runOnce(server, dir.path);
  assert.equal(outcome("a.csv"), "sent");
  assert.deepEqual([...server.uploads.keys()], ["of-another-file"]);
});

Deno.test("a large upload without a SHA-256 is resumed; a changed file is sent again", async () => {
  const content = noise(8 * MIB);
  for (const isChanged of [false, true]) {
    await using dir = new TempDir();
    await dir.write("a.csv", content);
    await using server = new FakeServer({ constraints: CONSTRAINTS });
    const begun = content.slice(0, 5 * MIB);
    if (isChanged) begun[7] = begun[7]! ^ 1;
    const length = content.length;
    const part = { name: "a.csv", batch: null, length, offset: begun.length, parts: [begun] };
    server.uploads.set("begun", { id: "begun", ...part, sha256: null });
    const { events } = await runOnce(server, dir.path);
    const sent = events.find((event) => event.type === "sent");
    assert.equal(sent?.id === "begun", !isChanged);
    assert.ok(server.sent("PATCH").bytes < 4 * MIB + (isChanged ? length : 0));
    assert.equal(server.files.length, 1);
    assert.ok(sameBytes(server.files[0]?.content, content));
    assert.equal(server.uploads.size, 0);
  }
});

Deno.test("a file that changes between check and upload is refused, its upload deleted", async () => {
  await using dir = new TempDir();
  const path = await dir.write("a.csv", noise(8 * MIB));
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  let patches = 0;
  server.intercept = async (request) => {
    if (request.method === "PATCH" && ++patches === 1) {
      await Deno.writeTextFile(path, "one more line\n", { append: true });
    }
    return undefined;
  };
  const { outcome, events } = await runOnce(server, dir.path);
  assert.equal(outcome("a.csv"), "refused file-changed");
  const refused = events.find((event) => event.type === "refused");
  assert.match(refused!.failure.message, /changed while it was read; run again when it is/);
  assert.deepEqual([server.files.length, server.uploads.size], [0, 0]);
});

/** A proxy; `lose` decides which responses never reach the client. */
function frontOf(
  inner: string,
  lose: (request: Request, answer: Response) => boolean,
  change: (answer: Response) => void = () => {},
): AsyncDisposable & { url: string } {
  const front = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const url = new URL(request.url);
    const body = request.body ? await request.arrayBuffer() : undefined;
    const { method, headers } = request;
    const response = await fetch(inner + url.pathname + url.search, { method, headers, body });
    const content = await response.arrayBuffer();
    const answer = new Response(content.byteLength > 0 ? content : null, response);
    change(answer);
    if (!lose(request, answer)) return answer;
    // A body that breaks off is the closest to a lost response that an HTTP server can produce.
    return new Response(new ReadableStream({ start: (c) => c.error(new Error("lost")) }));
  });
  return {
    url: `http://127.0.0.1:${front.addr.port}`,
    [Symbol.asyncDispose]: () => front.shutdown(),
  };
}

/** A proxy that limits bodies, like many: 413 with HTML. */
function proxyWithLimit(inner: string, limit: number): AsyncDisposable & { url: string } {
  const front = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.body ? await request.arrayBuffer() : undefined;
    if (body && body.byteLength > limit) return new Response("<html>", { status: 413 });
    const { method, headers } = request;
    return await fetch(inner + pathname + search, { method, headers, body });
  });
  return {
    url: `http://127.0.0.1:${front.addr.port}`,
    [Symbol.asyncDispose]: () => front.shutdown(),
  };
}
