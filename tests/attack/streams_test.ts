import assert from "node:assert/strict";
import { join } from "node:path";
import { staysAwake } from "./awake.ts";
import { basic, Customers, PASSWORD } from "./customers.ts";
import { dummyHash } from "../../src/accounts/stored_hash.ts";
import { until } from "../harness/until.ts";

const EVENTS = "/v1/events";
const MOST = 20;

/** Streams of events that stay open until they are closed. */
class Streams implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #opened: Promise<Response | null>[] = [];

  constructor(readonly url: string, readonly authorization: string) {}

  /** Requests streams at the same time. @returns how many were opened */
  async open(count: number, path = EVENTS): Promise<number> {
    const opened = Array.from({ length: count }, () =>
      fetch(this.url + path, {
        headers: { authorization: this.authorization },
        signal: this.#stop.signal,
      }).catch(() => null));
    this.#opened.push(...opened);
    const statuses = (await Promise.all(opened)).map((response) => response?.status);
    assert.ok(statuses.every((status) => status === 200 || status === 503), `${statuses}`);
    return statuses.filter((status) => status === 200).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const response of await Promise.all(this.#opened)) {
      await response?.body?.cancel().catch(() => {});
    }
  }
}

/** Waits until all of a customer's streams can be opened, then closes them. */
async function allCanBeOpened(url: string, authorization: string, why: string): Promise<void> {
  await until(`${MOST} streams can be opened after ${why}`, async () => {
    await using streams = new Streams(url, authorization);
    return await streams.open(MOST) === MOST;
  }, 15);
}

/** Sends a request and closes the connection without reading the answer. */
async function hangUp(url: string, authorization: string, waitMs: number): Promise<void> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `GET ${EVENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}

Deno.test("streams of events: the limit holds for requests at the same time, and every place comes back", async (t) => {
  await using customers = await Customers.open("", "t1", "t2");
  const { url } = customers.server;
  const own = basic("t1", PASSWORD);
  // Later requests do not have to compute the hash of the password.
  await customers.ask("t1", "/v1/constraints");
  await t.step("200 at once: 20 are opened", async () => {
    await using streams = new Streams(url, own);
    assert.equal(await streams.open(200), MOST);
    await using other = new Streams(url, basic("t2", PASSWORD));
    assert.equal(await other.open(1), 1, "another customer's stream");
  });
  await allCanBeOpened(url, own, "they were closed");
  await t.step("HEAD opens none", async () => {
    for (let n = 0; n < 3 * MOST; n++) {
      const response = await fetch(url + EVENTS, {
        method: "HEAD",
        headers: { authorization: own },
      });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "text/event-stream");
    }
    await using streams = new Streams(url, own);
    assert.equal(await streams.open(MOST), MOST);
  });
  await t.step("clients that hang up at once leave none", async () => {
    for (const waitMs of [0, 1, 3, 10]) {
      await Promise.all(Array.from({ length: 50 }, () => hangUp(url, own, waitMs)));
    }
    await allCanBeOpened(url, own, "clients hung up");
  });
  await t.step("a stream reports changes", async () => {
    const stop = new AbortController();
    const response = await fetch(url + EVENTS, {
      headers: { authorization: own },
      signal: stop.signal,
    });
    const files = { "a.ts": "// nothing" };
    const body = JSON.stringify({ files });
    await customers.ask("t1", "/v1/module", { method: "PUT", body });
    let text = "";
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (text.includes("event: changed")) break;
    }
    stop.abort();
    assert.match(text, /^retry: 2000\n\nevent: changed\ndata: \{\}\n\n/);
  });
});

Deno.test("20 streams of an operator of 2,000 customers: serve stays awake", async () => {
  await using customers = await Customers.open("", "t1");
  const { platform, server, password } = customers;
  const path = join(platform.data, "users.json");
  const users = JSON.parse(await Deno.readTextFile(path));
  for (let n = 0; n < 2_000; n++) {
    users[`tenant-${n}`] = dummyHash("argon2id");
    await Deno.mkdir(join(platform.data, "tenants", `tenant-${n}`, "v1-00000000"), {
      recursive: true,
    });
  }
  await Deno.writeTextFile(path, JSON.stringify(users));
  await customers.asOperator("/v1/admin/overview");
  await staysAwake({
    url: server.url,
    authorization: basic("t1", PASSWORD),
    seconds: 5,
    async attack(stop) {
      await using streams = new Streams(server.url, basic("admin", password));
      // Opened again and again: each has something to read at once.
      assert.equal(await streams.open(MOST, "/v1/admin/events"), MOST);
      await new Promise((resolve) => stop.addEventListener("abort", resolve));
    },
  });
});
