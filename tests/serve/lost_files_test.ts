import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { fileListSchema } from "../../src/protocol/file_view.ts";
import { Failure } from "../../src/base/failure.ts";
import { NO_ROWS_KNOWN } from "../../src/staging/presence.ts";
import {
  type Harness,
  problemCode,
  sha256Hex,
  stagedFiles,
  TUS,
  uploadWhole,
  withApp,
} from "./harness.ts";

const CONTENT = "x\n1\n";
const SHA256 = sha256Hex(CONTENT);

/** A file that the server has received, and its upload. */
async function received(harness: Harness) {
  const response = await uploadWhole(harness, "a.csv", CONTENT, { metadata: { sha256: SHA256 } });
  assert.equal(response.status, 201);
  const id = response.headers.get("Mysimbdp-File-Id") ?? "";
  const folder = (name: string) => `${harness.dataDir}/${name}/customer-1`;
  const path = `${folder("staging")}/${id}`;
  for (const name of ["archive", "quarantine"]) await Deno.mkdir(folder(name));
  return { id, location: response.headers.get("Location") ?? "", path, folder };
}

type Received = Awaited<ReturnType<typeof received>>;

async function askFor(harness: Harness): Promise<number> {
  const response = await harness.send(`/v1/files?name=a.csv&sha256=${SHA256}`);
  return fileListSchema.parse(await response.json()).files.length;
}

const LOST: Record<string, (file: Received) => Promise<void>> = {
  "its bytes were removed": ({ path }) => Deno.remove(path),
  "its bytes and its record were removed": async ({ folder }) =>
    await Deno.remove(folder("staging"), { recursive: true }),
  "its bytes were cut off": ({ path }) => Deno.truncate(path, 2),
  "bytes were added": ({ path }) => Deno.writeTextFile(path, "more", { append: true }),
  "a folder is in its place": async ({ path }) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
  },
  "a symbolic link is in its place": async ({ path, folder }) => {
    await Deno.rename(path, `${folder("archive")}/elsewhere`);
    await Deno.symlink(`${folder("archive")}/elsewhere`, path);
  },
  "it was quarantined, and retention has removed it": async ({ id, path, folder }) => {
    await Deno.rename(path, `${folder("quarantine")}/${id}`);
    await Deno.remove(`${folder("quarantine")}/${id}`);
  },
};

for (const [title, lose] of Object.entries(LOST)) {
  Deno.test(`a received file is lost (${title}): it is taken again, with a new id`, () =>
    withApp(async (harness) => {
      const file = await received(harness);
      assert.equal(await askFor(harness), 1);
      await lose(file);
      // What fetch asks before it sends, and what a tus client asks about its upload.
      assert.equal(await askFor(harness), 0);
      const head = await harness.send(file.location, { method: "HEAD", headers: TUS });
      assert.equal(head.status, 404);

      const again = await uploadWhole(harness, "a.csv", CONTENT, { metadata: { sha256: SHA256 } });
      assert.equal(again.status, 201);
      const id = again.headers.get("Mysimbdp-File-Id") ?? "";
      assert.notEqual(id, file.id);
      const bytes = await Deno.readTextFile(`${harness.dataDir}/staging/customer-1/${id}`);
      assert.equal(bytes, CONTENT);
      const receipts = harness.intake.receipts.list({ tenant: "customer-1", limit: 10 });
      assert.deepEqual(receipts.map((each) => each.id), [id]);
      assert.equal(await askFor(harness), 1);
      const known = await uploadWhole(harness, "a.csv", CONTENT);
      assert.equal(known.headers.get("Mysimbdp-File-Id"), id);
    }));
}

for (const folder of ["archive", "quarantine"]) {
  Deno.test(`a file in ${folder} is there: it is not taken again`, () =>
    withApp(async (harness) => {
      const file = await received(harness);
      await Deno.rename(file.path, `${file.folder(folder)}/${file.id}`);
      assert.equal(await askFor(harness), 1);
      const again = await uploadWhole(harness, "a.csv", CONTENT);
      assert.equal(again.headers.get("Mysimbdp-File-Id"), file.id);
      const head = await harness.send(file.location, { method: "HEAD", headers: TUS });
      assert.equal(head.status, 200);
      assert.deepEqual(await stagedFiles(harness.dataDir, "customer-1"), []);
    }));
}

Deno.test("a file without bytes is there if its rows are stored; without an answer it is asked again", () => {
  let stored: boolean | Failure = true;
  const areStored = () =>
    stored instanceof Failure ? Promise.reject(stored) : Promise.resolve(stored);
  const rows = { ...NO_ROWS_KNOWN, areStored };
  return withApp(async (harness) => {
    const file = await received(harness);
    await Deno.remove(file.path);
    const again = await uploadWhole(harness, "a.csv", CONTENT);
    assert.equal(again.headers.get("Mysimbdp-File-Id"), file.id);
    assert.equal(await askFor(harness), 1);

    stored = new Failure("storage", "storage-unreachable", "Cannot read the receipt");
    for (const declared of [undefined, { sha256: SHA256 }]) {
      const failed = await uploadWhole(harness, "a.csv", CONTENT, { metadata: declared });
      assert.equal(failed.status, 503);
      assert.equal(await problemCode(failed), "unavailable");
    }
    const asked = await harness.send(`/v1/files?name=a.csv&sha256=${SHA256}`);
    assert.equal(asked.status, 503);
    const head = await harness.send(file.location, { method: "HEAD", headers: TUS });
    assert.equal(head.status, 503);

    stored = false;
    const taken = await uploadWhole(harness, "a.csv", CONTENT);
    assert.notEqual(taken.headers.get("Mysimbdp-File-Id"), file.id);
    assert.equal((await stagedFiles(harness.dataDir, "customer-1")).length, 1);
  }, { intake: { rows } });
});

Deno.test("a lost file sent by ten clients at once is taken once", () =>
  withApp(async (harness) => {
    const file = await received(harness);
    await Deno.remove(file.path);
    const sent = await Promise.all(
      Array.from({ length: 10 }, () => uploadWhole(harness, "a.csv", CONTENT)),
    );
    const ids = new Set(sent.map((response) => response.headers.get("Mysimbdp-File-Id")));
    assert.equal(ids.size, 1);
    assert.deepEqual(await stagedFiles(harness.dataDir, "customer-1"), [...ids]);
  }));

Deno.test("a file that moves between folders again and again is never missing", () =>
  withApp(async (harness) => {
    const file = await received(harness);
    const places = [file.path, `${file.folder("archive")}/${file.id}`];
    const mentioned = { tenant: "customer-1", id: file.id, name: "a.csv", version: 1, size: 4 };
    let isMoving = true;
    const moving = (async () => {
      for (let move = 0; isMoving; move++) {
        await rename(places[move % 2]!, places[(move + 1) % 2]!);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    for (let look = 0; look < 300; look++) {
      assert.ok(await harness.intake.has(mentioned));
    }
    isMoving = false;
    await moving;
  }));

Deno.test("a lost file needs no second place in its batch", () =>
  withApp(async (harness) => {
    const opened = await harness.send("/v1/batches", { method: "POST" });
    const { id: batch } = await opened.json();
    const metadata = { batch, sha256: SHA256 };
    const first = await uploadWhole(harness, "a.csv", CONTENT, { metadata });
    assert.equal(first.status, 201);
    await Deno.remove(`${harness.dataDir}/staging`, { recursive: true });
    const again = await uploadWhole(harness, "a.csv", CONTENT, { metadata });
    assert.equal(again.status, 201);
    const other = await uploadWhole(harness, "b.csv", CONTENT, { metadata });
    assert.equal(other.status, 422);
  }, { app: { defaultConstraints: { formats: [".csv"], number_files: 1, data_sizes: 9 } } }));

Deno.test("content whose rows a later version replaces is taken again, as the newest version", () => {
  const isOutdated = (_tenant: string, _id: string, hasLater: boolean) => Promise.resolve(hasLater);
  const rows = { ...NO_ROWS_KNOWN, isOutdated };
  return withApp(async (harness) => {
    const first = await received(harness);
    assert.equal(await askFor(harness), 1);
    await uploadWhole(harness, "a.csv", "x\n2\n");
    assert.equal(await askFor(harness), 0);
    const again = await uploadWhole(harness, "a.csv", CONTENT);
    assert.notEqual(again.headers.get("Mysimbdp-File-Id"), first.id);
    const files = harness.intake.receipts.list({ tenant: "customer-1", limit: 10 });
    assert.deepEqual(files.map(({ version }) => version), [3, 2]);
    assert.equal((await stagedFiles(harness.dataDir, "customer-1")).length, 3);
    assert.equal(await askFor(harness), 1);
  }, { intake: { rows } });
});

Deno.test("receipts older than the ledger: a loaded file is not taken twice, and versions are counted on", () => {
  const same = {
    id: "01k0000000000000000000000a",
    tenant: "customer-1",
    name: "a.csv",
    version: 2,
    size: CONTENT.length,
    sha256: SHA256,
    batch: null,
    receivedAt: 1,
  };
  const rows = {
    ...NO_ROWS_KNOWN,
    areStored: (_tenant: string, id: string) => Promise.resolve(id === same.id),
    recorded: (_tenant: string, _name: string, sha256: string) =>
      Promise.resolve({ newest: same, same: sha256 === SHA256 ? same : null }),
  };
  return withApp(async (harness) => {
    const again = await uploadWhole(harness, "a.csv", CONTENT);
    assert.equal(again.headers.get("Mysimbdp-File-Id"), same.id);
    assert.deepEqual(await stagedFiles(harness.dataDir, "customer-1"), []);
    const other = await uploadWhole(harness, "a.csv", "x\n2\n");
    assert.equal(other.headers.get("Mysimbdp-File-Version"), "3");
  }, { intake: { rows } });
});
