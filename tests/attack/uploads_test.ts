import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { run } from "../harness/process.ts";
import { upload } from "../harness/tus.ts";
import { pause, until } from "../harness/until.ts";
import { staysAwake } from "./awake.ts";
import { basic, Customers, PASSWORD } from "./customers.ts";
import { memoryOf, OpenBodies, type OpenRequest } from "./open_bodies.ts";

const TUS = { "Tus-Resumable": "1.0.0" };
const encoded = (value: string) => btoa(value);

/** A body of an upload of which only the first byte arrives; then one byte a second, if it is slow. */
function slowUpload(tenant: string, name: string): OpenRequest {
  return {
    method: "POST",
    path: "/v1/uploads",
    headers: {
      ...TUS,
      Authorization: basic(tenant, PASSWORD),
      "Content-Type": "application/offset+octet-stream",
      "Upload-Length": "100000",
      "Upload-Metadata": `filename ${encoded(name)}`,
    },
    length: 100_000,
    body: new Uint8Array([120]),
    everyMs: 1000,
  };
}

/** Lets every attacker open this many slow bodies; they stay open until the disposal. */
async function takeSlots(bodies: OpenBodies, attackers: string[], each: number): Promise<void> {
  for (const tenant of attackers) {
    const opening = Array.from(
      { length: each },
      (_, n) => bodies.open(slowUpload(tenant, `slow-${n}.csv`)),
    );
    await Promise.all(opening);
    // They have their slots before the next attacker asks.
    await pause(100);
  }
}

Deno.test("slow uploads of many customers leave slots for the others", async (t) => {
  const attackers = Array.from({ length: 20 }, (_, n) => `a${n}`);
  await using customers = await Customers.open("", "good", ...attackers);
  const { platform, server: { url, process } } = customers;
  for (const tenant of ["good", ...attackers]) {
    await platform.constrain(tenant);
    // Later requests do not have to compute the hash of the password.
    await customers.ask(tenant, "/v1/constraints");
  }
  const good = { url, user: "good", password: PASSWORD };
  const before = memoryOf(process.pid);
  for (const count of [4, 8, attackers.length]) {
    await t.step(`${count} attackers with 16 bodies each`, async () => {
      using bodies = new OpenBodies(url);
      await takeSlots(bodies, attackers.slice(0, count), 16);
      const one = await upload(good, `while-${count}.csv`, new TextEncoder().encode("x\n1\n"));
      assert.equal(one.status, 201);
      await staysAwake({
        url,
        authorization: basic("good", PASSWORD),
        seconds: 4,
        attack: (stop) => new Promise((done) => stop.addEventListener("abort", () => done())),
      });
      assert.ok(memoryOf(process.pid) - before < 300);
    });
    await until("all slots are free again", async () => {
      const answers = await Promise.all(
        Array.from(
          { length: 16 },
          (_, n) => upload(good, `free-${count}-${n}.csv`, new Uint8Array(9)),
        ),
      );
      return answers.every(({ status }) => status === 201);
    });
  }
  await t.step("fetch sends a folder of 1,000 files meanwhile", async () => {
    using bodies = new OpenBodies(url);
    await takeSlots(bodies, attackers, 16);
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, n) => [`f${n}.csv`, `x\n${n}\n`]),
    );
    const dir = await platform.inputDir(files);
    const args = ["fetch", "-u", "good", "-p", PASSWORD, "-d", dir, "--server", url, "--json"];
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, stderr + stdout.slice(-2000));
  });
});

Deno.test("a customer who begins or sends files without end does not hold up others", async (t) => {
  await using customers = await Customers.open("", "good", "bad");
  const { platform, server: { url } } = customers;
  await platform.constrain("good");
  await platform.constrain("bad", { number_files: 100_000 });
  await customers.ask("bad", "/v1/constraints");
  let counter = 0;
  const kinds = [
    { what: "uploads without a byte", length: 4, parallel: 200 },
    { what: "empty files", length: 0, parallel: 64 },
    { what: "small files", length: 4, body: "x\n1\n", parallel: 64 },
  ];
  for (const { what, length, body = null, parallel } of kinds) {
    await t.step(`${parallel} at once: ${what}`, async () => {
      let stored = 0;
      const create = async () => {
        const name = `f${counter++}.csv`;
        const headers = {
          ...TUS,
          authorization: basic("bad", PASSWORD),
          "Upload-Length": String(length),
          "Upload-Metadata": `filename ${encoded(name)}`,
          ...(body === null ? {} : { "Content-Type": "application/offset+octet-stream" }),
        };
        const response = await fetch(`${url}/v1/uploads`, { method: "POST", headers, body });
        await response.body?.cancel();
        if (response.status === 201) stored++;
        else assert.equal(response.status, 503);
      };
      await staysAwake({
        url,
        authorization: basic("good", PASSWORD),
        seconds: 5,
        // These are files as anybody may send them, on two processors that the sender uses as well.
        uploadTimes: 5,
        async attack(stop) {
          const attacker = async () => {
            while (!stop.aborted) await create();
          };
          await Promise.all(Array.from({ length: parallel }, attacker));
        },
      });
      assert.ok(stored > 0);
    });
  }
});

Deno.test("a customer who lists 1,000 unfinished uploads without end does not hold up others", async () => {
  await using customers = await Customers.open("", "good", "bad");
  const { platform, server: { url } } = customers;
  await platform.constrain("good");
  await platform.constrain("bad", { number_files: 1000 });
  const authorization = basic("bad", PASSWORD);
  const init = { headers: { authorization } };
  await customers.ask("bad", "/v1/constraints");
  let begun = 0;
  const begin = async () => {
    while (begun < 1000) {
      const metadata = { "Upload-Metadata": `filename ${encoded(`f${begun++}.csv`)}` };
      const headers = { ...TUS, authorization, "Upload-Length": "9", ...metadata };
      const response = await fetch(`${url}/v1/uploads`, { method: "POST", headers });
      await response.body?.cancel();
      assert.equal(response.status, 201);
    }
  };
  await Promise.all(Array.from({ length: 16 }, begin));
  await staysAwake({
    url,
    authorization: basic("good", PASSWORD),
    seconds: 5,
    async attack(stop) {
      const attacker = async () => {
        while (!stop.aborted) {
          const { uploads } = await (await fetch(`${url}/v1/uploads`, init)).json();
          assert.equal(uploads.length, 1000);
        }
      };
      await Promise.all(Array.from({ length: 40 }, attacker));
    },
  });
});

Deno.test("unfinished uploads are bounded, whatever their batch, name and content", async (t) => {
  await using customers = await Customers.open("", "good", "bad");
  const { platform, server: { url } } = customers;
  await platform.constrain("good");
  await platform.constrain("bad", { number_files: 10 });
  const bad = { url, user: "bad", password: PASSWORD };
  const content = new TextEncoder().encode("x\n1\n");
  assert.equal((await upload(bad, "known.csv", content)).status, 201);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
  const authorization = basic("bad", PASSWORD);
  let counter = 0;
  const create = async (metadata: Record<string, string>) => {
    const pairs = Object.entries(metadata).map(([key, value]) => `${key} ${encoded(value)}`);
    const headers = { ...TUS, authorization, "Upload-Metadata": pairs.join(",") };
    const length = { "Upload-Length": String(content.length) };
    const init = { method: "POST", headers: { ...headers, ...length } };
    const response = await fetch(`${url}/v1/uploads`, init);
    return { status: response.status, text: await response.text() };
  };
  const openBatch = async () => {
    const headers = { authorization };
    const response = await fetch(`${url}/v1/batches`, { method: "POST", headers });
    return (await response.json()).id as string;
  };
  await t.step("while others upload", async () => {
    let made = 0;
    await staysAwake({
      url,
      authorization: basic("good", PASSWORD),
      seconds: 6,
      async attack(stop) {
        const attacker = async () => {
          while (!stop.aborted) {
            const batch = await openBatch();
            const attempts = await Promise.all([
              create({ filename: `n${counter++}.csv`, batch }),
              create({ filename: `n${counter++}.csv` }),
              create({ filename: "known.csv", sha256: digest, batch }),
              create({ filename: "known.csv", sha256: digest }),
            ]);
            made += attempts.filter(({ status }) => status === 201).length;
          }
        };
        await Promise.all(Array.from({ length: 8 }, attacker));
      },
    });
    assert.equal(made, 20);
    const { uploads } = await customers.ask<{ uploads: unknown[] }>("bad", "/v1/uploads");
    assert.equal(uploads.length, 20);
    // The bytes and the record of each.
    assert.equal((await platform.list("uploads")).length, 40);
  });
  await t.step("the refusal names the limit and what to do", async () => {
    const { status, text } = await create({ filename: "last.csv", batch: await openBatch() });
    assert.equal(status, 422);
    assert.match(text, /too-many-unfinished.*limit: 20.*mysimbdp fetch uploads discard/);
  });
  await t.step("the command that it names gives the places back", async () => {
    const login = ["-u", "bad", "-p", PASSWORD, "--server", url];
    const discarded = await run(["fetch", "uploads", "discard", "--all", ...login]);
    assert.equal(discarded.code, 0, discarded.stderr);
    assert.equal((await create({ filename: "next.csv" })).status, 201);
  });
  await t.step("batches are bounded too", async () => {
    for (let n = 0; n < 50; n++) await Promise.all(Array.from({ length: 24 }, openBatch));
    const newest = await openBatch();
    assert.equal((await create({ filename: "in-batch.csv", batch: newest })).status, 201);
    const db = new DatabaseSync(join(platform.data, "db/receipts.sqlite"), { readOnly: true });
    const [row] = db.prepare("SELECT count(*) AS n FROM batches WHERE tenant = 'bad'").all();
    db.close();
    assert.equal(row?.["n"], 1000);
  });
});
