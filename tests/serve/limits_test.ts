import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { Layout } from "../../src/data/layout.ts";
import { constraintsReader } from "../../src/serve/api/constraints.ts";
import type { TelemetryEvent } from "../../src/telemetry/events.ts";
import { normalizeFileName } from "../../src/protocol/file_names.ts";
import {
  appending,
  base64,
  creation,
  filesBelow,
  type Harness,
  problemCode,
  sha256Hex,
  stagedFiles,
  TUS,
  uploadWhole,
  withApp,
} from "./harness.ts";

const NARROW = { formats: [".csv"], number_files: 2, data_sizes: 1 };

function begin({ send }: Harness, name: string, length: number, more: Record<string, string> = {}) {
  return send("/v1/uploads", { method: "POST", headers: creation(name, length, more) });
}

Deno.test("format, size and number of files are enforced before a byte is stored", () =>
  withApp(async (harness) => {
    const { dataDir } = harness;
    const refusals: [string, number, number, string][] = [
      ["a.txt", 10, 422, "format-not-allowed"],
      ["a.csv", 1025, 413, "file-too-large"],
    ];
    for (const [name, length, status, code] of refusals) {
      const response = await begin(harness, name, length);
      assert.equal(response.status, status);
      assert.equal(await problemCode(response), code);
    }
    assert.deepEqual(await filesBelow(`${dataDir}/uploads`), []);
    assert.equal((await begin(harness, "A.CSV", 1024)).status, 201);
    assert.equal((await begin(harness, "b.csv", 1024)).status, 201);
    const third = await begin(harness, "c.csv", 1024);
    assert.equal(third.status, 422);
    const { type, detail, hint, details } = await third.json();
    assert.match(type, /too-many-files$/);
    assert.match(
      detail,
      /number_files is 2, and 2 unfinished uploads hold all places: "A\.CSV" \((\w{26}), 0 of 1,024 bytes, begun [\d:TZ-]+, expires [\d:TZ-]+\), "b\.csv"/,
    );
    assert.match(hint, /DELETE \/v1\/uploads\/ID, or mysimbdp fetch uploads discard/);
    const [first = ""] = details.uploads.split(" ");
    const dropped = { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } };
    assert.equal((await harness.send(`/v1/uploads/${first}`, dropped)).status, 204);
    assert.equal((await begin(harness, "c.csv", 1024)).status, 201);
    const other = { as: "customer-2", method: "POST", headers: creation("c.csv", 1) };
    assert.equal((await harness.send("/v1/uploads", other)).status, 201);
  }, { app: { defaultConstraints: NARROW } }));

Deno.test("creations without a byte give back their places after an hour, others after a day", async () => {
  let now = Date.UTC(2026, 10, 24);
  const clock = () => now;
  await withApp(async (harness) => {
    const { send } = harness;
    const abandoned = await begin(harness, "a.csv", 6);
    const begun = await begin(harness, "b.csv", 6);
    assert.equal((await begin(harness, "c.csv", 6)).status, 422);
    const path = begun.headers.get("Location") ?? "";
    const sent = await send(path, { method: "PATCH", headers: appending(0), body: "abc" });
    assert.equal(sent.headers.get("Upload-Expires"), new Date(now + 86_400_000).toUTCString());
    const expires = abandoned.headers.get("Upload-Expires");
    assert.equal(expires, new Date(now + 3_600_000).toUTCString());
    now += 3_601_000;
    const head = { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } };
    assert.equal((await send(abandoned.headers.get("Location") ?? "", head)).status, 404);
    assert.equal((await send(path, head)).status, 200);
    assert.equal((await begin(harness, "c.csv", 6)).status, 201);
    assert.equal(await harness.intake.expire(), 1);
  }, { app: { defaultConstraints: NARROW, now: clock }, intake: { now: clock } });
});

Deno.test("two concurrent uploads cannot both take the last place", () =>
  withApp(async (harness) => {
    const names = Array.from({ length: 8 }, (_, index) => `f${index}.csv`);
    const responses = await Promise.all(names.map((name) => begin(harness, name, 1)));
    assert.equal(responses.filter((response) => response.status === 201).length, 2);
  }, { app: { defaultConstraints: NARROW } }));

Deno.test("unfinished uploads have a total, through new batches, known content and at once", () =>
  withApp(async (harness) => {
    const { send } = harness;
    const openBatch = async () =>
      (await (await send("/v1/batches", { method: "POST" })).json()).id as string;
    const known = { sha256: sha256Hex("1") };
    assert.equal((await uploadWhole(harness, "a.csv", "1")).status, 201);
    const batches = await Promise.all(Array.from({ length: 8 }, openBatch));
    const attempts = batches.flatMap((batch, n) => [
      begin(harness, `f${n}.csv`, 9, { batch }),
      begin(harness, `g${n}.csv`, 9, { batch }),
      begin(harness, "a.csv", 1, known),
      begin(harness, "a.csv", 1, { ...known, batch }),
    ]);
    const answers = await Promise.all(attempts);
    assert.equal(answers.filter(({ status }) => status === 201).length, 20);
    const refused = await begin(harness, "last.csv", 1, { batch: await openBatch() });
    const { type, detail, hint, details } = await refused.json();
    assert.match(type, /too-many-unfinished$/);
    assert.match(detail, /20 unfinished uploads .* \(limit: 20, twice number_files, at least 20\)/);
    assert.match(hint, /DELETE \/v1\/uploads\/ID, or mysimbdp fetch uploads discard/);
    assert.equal(details.limit, 20);
    const usage = await (await send("/v1/usage")).json();
    assert.equal(usage.uploads.left, 0);
    const other = { as: "customer-2", method: "POST", headers: creation("c.csv", 1) };
    assert.equal((await send("/v1/uploads", other)).status, 201);
    const location = answers.find(({ status }) => status === 201)?.headers.get("Location") ?? "";
    await send(location, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
    assert.equal((await begin(harness, "a.csv", 1, known)).status, 201);
  }, { app: { defaultConstraints: NARROW } }));

Deno.test("uploads.max_unfinished applies to all tenants, also those with larger batches", () =>
  withApp(async (harness) => {
    for (const name of ["a.csv", "b.csv", "c.csv"]) {
      assert.equal((await begin(harness, name, 1)).status, 201);
    }
    const refused = await (await begin(harness, "d.csv", 1)).json();
    assert.match(refused.detail, /\(limit: 3, uploads\.max_unfinished\)/);
  }, { app: { maxUnfinished: 3 } }));

Deno.test("a batch counts its finished files, but not files that the server already had", () =>
  withApp(async (harness) => {
    const open = await harness.send("/v1/batches", { method: "POST" });
    assert.equal(open.status, 201);
    const { id: batch } = await open.json();
    const put = async (name: string, content: string, more: Record<string, string> = {}) => {
      const metadata = { batch, ...more };
      return (await uploadWhole(harness, name, content, { metadata })).status;
    };
    assert.equal(await put("a.csv", "1"), 201);
    assert.equal(await put("a.csv", "1"), 201, "known content takes no place");
    assert.equal(await put("b.csv", "2"), 201);
    assert.equal(await put("c.csv", "3"), 422);
    assert.equal(await put("a.csv", "1", { sha256: sha256Hex("1") }), 201, "known beforehand");
    assert.equal((await uploadWhole(harness, "c.csv", "3")).status, 201, "outside of the batch");

    const unknown = await begin(harness, "d.csv", 1, { batch: "nonsense" });
    assert.equal(await problemCode(unknown), "unknown-batch");
    const foreign = await uploadWhole(harness, "d.csv", "4", {
      as: "customer-2",
      metadata: { batch },
    });
    assert.equal(await problemCode(foreign), "unknown-batch");
  }, { app: { defaultConstraints: NARROW } }));

Deno.test("GET /v1/constraints returns the JSON of the file, and a changed file applies at once", () =>
  withApp(async ({ send, intake }) => {
    const get = async () => await (await send("/v1/constraints")).json();
    assert.deepEqual(await get(), NARROW, "without a file, the default");
    const path = intake.layout.constraints("customer-1");
    await Deno.writeTextFile(path, '{"formats":[".csv"],"number_files":10,"data_sizes":4096}');
    assert.deepEqual(await get(), { formats: [".csv"], number_files: 10, data_sizes: 4096 });
    await Deno.writeTextFile(path, '{"formats":[".csv",".json"],"number_files":3,"data_sizes":1}');
    assert.deepEqual(await get(), { formats: [".csv", ".json"], number_files: 3, data_sizes: 1 });
  }, { app: { defaultConstraints: NARROW } }));

Deno.test("a file of constraints with faults: the last good content applies, and both are logged once", () => {
  const events: TelemetryEvent[] = [];
  const emit = (event: TelemetryEvent) => {
    if (event.kind.startsWith("constraints.")) events.push(event);
  };
  return withApp(async ({ send, intake }) => {
    const get = async () => await (await send("/v1/constraints")).json();
    const path = intake.layout.constraints("customer-1");
    const good = { formats: [".csv"], number_files: 3, data_sizes: 4096 };
    const faulty = [
      ['{"formats":[".csv"],"number_files":3,}', /json:1:38: it is not JSON: remove the comma/],
      ["", /it is not JSON: it is empty/],
      ['// limits\n{"formats":[]}', /json:1:1: it is not JSON: JSON has no comments/],
      ["\uFEFF{}", /byte order mark/],
      ['{"formats":["csv"],"number_files":3,"data_sizes":9}', /:1:13: .*for example "\.csv"/],
      ['{"formats":[],\n"number_file":3,"data_sizes":-1}', /:2:1: .*mean "number_files"\?.*-1|>=0/],
    ] as const;
    await Deno.writeTextFile(path, JSON.stringify(good));
    assert.deepEqual(await get(), good);
    for (const [text, expected] of faulty) {
      await Deno.writeTextFile(path, text);
      assert.deepEqual(await Promise.all([get(), get()]), [good, good], text);
      const [event, ...more] = events.splice(0);
      assert.ok(event?.kind === "constraints.faulty" && more.length === 0, text);
      assert.match(event.error, expected);
      assert.equal(event.inForce, "previous");
    }
    await Deno.writeTextFile(
      path,
      JSON.stringify({ ...good, number_files: 4 }, null, 2)
        .replaceAll("\n", "\r\n"),
    );
    assert.deepEqual(await get(), { ...good, number_files: 4 });
    assert.deepEqual(events.map(({ kind }) => kind), ["constraints.fixed"]);
  }, { app: { emit } });
});

Deno.test("constraints with faults at the start: the last good content, or only this tenant waits", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const layout = new Layout(dir);
    await Deno.mkdir(join(dir, "constraints"));
    const path = layout.constraints("customer-1");
    const good = '{"formats":[".txt"],"number_files":1,"data_sizes":1}';
    await Deno.writeTextFile(path, good.replace("}", ",}"));
    await assert.rejects(constraintsReader(layout, NARROW)("customer-1"), {
      code: "limits-unreadable",
    });
    assert.deepEqual(await constraintsReader(layout, NARROW)("customer-2"), NARROW);
    await Deno.writeTextFile(path, good);
    await constraintsReader(layout, NARROW)("customer-1");
    await Deno.writeTextFile(path, good.replace("}", ",}"));
    assert.deepEqual(await constraintsReader(layout, NARROW)("customer-1"), JSON.parse(good));
    await Deno.remove(path);
    assert.deepEqual(await constraintsReader(layout, NARROW)("customer-1"), NARROW);
    await Deno.writeTextFile(path, good.replace(".txt", "txt"));
    assert.deepEqual(await constraintsReader(layout, NARROW)("customer-1"), JSON.parse(good));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("names are normalized or refused, and never become paths", () =>
  withApp(async (harness) => {
    const { dataDir } = harness;
    const bad = [
      "../a.csv",
      "a/b.csv",
      "a\\b.csv",
      "..",
      ".a.csv",
      "a\nb.csv",
      "nul.csv",
      "é".repeat(128) + ".csv",
    ];
    for (const name of bad) {
      const response = await uploadWhole(harness, name, "x");
      assert.equal(response.status, 422, name);
      assert.equal(await problemCode(response), "bad-file-name", name);
    }
    const decomposed = await uploadWhole(harness, "Cafe\u0301.csv", "x");
    const id = decomposed.headers.get("Mysimbdp-File-Id");
    const file = await (await harness.send(`/v1/files/${id}`)).json();
    assert.equal(file.name, "Caf\u00e9.csv");
    assert.deepEqual(await stagedFiles(dataDir, "customer-1"), [id]);
  }));

Deno.test("1,000 unusual names leave only generated ids on disk, in the tenant's folder", () =>
  withApp(async (harness) => {
    const piece = fc.oneof(
      fc.constantFrom(
        "..",
        "/",
        "\\",
        "\0",
        "%2e%2e%2f",
        "con",
        ".csv",
        "C:",
        "~",
        "\u202e",
        "$(id)",
      ),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ maxLength: 300 }),
    );
    const names = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join("") + ".csv");
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const content = `${accepted}`;
        const response = await harness.send("/v1/uploads", {
          method: "POST",
          headers: {
            ...TUS,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Length": String(content.length),
            "Upload-Metadata": `filename ${base64(name)}`,
          },
          body: content,
        });
        if (response.status === 201) accepted++;
        else assert.ok(response.status === 422 || response.status === 400, `${response.status}`);
        assert.equal(response.status === 201, isGood(name.toWellFormed(), base64(name)));
      }),
      { numRuns: 1000 },
    );
    assert.ok(accepted > 50, `${accepted} accepted`);
    const outside = (await filesBelow(harness.dataDir)).filter((path) =>
      !/^(staging\/customer-1\/(\.[0-9a-z]{26}\.json|[0-9a-z]{26})|db\/receipts\.sqlite(-wal|-shm)?|db\/serve\.lock(-journal)?)$/
        .test(path)
    );
    assert.deepEqual(outside, []);
  }));

function isGood(name: string, encoded: string): boolean {
  try {
    normalizeFileName(name);
    return encoded.length < 4000;
  } catch {
    return false;
  }
}
