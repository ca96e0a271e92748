import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { overlapped, zip } from "../harness/archives.ts";
import { binary, ROOT, sample } from "../harness/binary.ts";
import { noise } from "../harness/chance.ts";
import { keepAll, type ModuleOptions, writeModule } from "../harness/modules.ts";
import { addsUp, Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { styled, workbook } from "../harness/workbooks.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Row = [line: number, record: unknown];

const CONFIG =
  "[sandbox]\nmax_unpacked_mb = 32\nmax_whole_file_mb = 2\n[manage]\nmax_attempts = 1\n";
const LENIENT = { limits: { rejectShare: 1, memoryMb: 512 } };

const read = (path: string): Bytes => Deno.readFileSync(path);
const made = (name: string): Bytes => read(join(ROOT, "tests/samples", name));
const real = (name: string): Bytes => read(sample(name));
const cut = (bytes: Bytes): Bytes => bytes.slice(0, -Math.ceil(bytes.length / 3));

/** A file and the expected result: first rows and counts, or the code of the failure. */
interface Case {
  name: string;
  content: string | Bytes;
  rows?: Row[];
  counts?: { stored: number; rejected?: number; skipped?: number };
  code?: string;
  rejected?: [line: number, reason: RegExp][];
}

const good = (name: string, content: string | Bytes, stored: number, ...rows: Row[]): Case => {
  return { name, content, counts: { stored }, rows };
};
const bad = (name: string, content: string | Bytes, code: string): Case => ({
  name,
  content,
  code,
});

/** The tenants; each has a module for one format. */
const TENANTS: Record<string, { module: ModuleOptions; cases: () => Promise<Case[]> }> = {
  json: {
    module: { format: "json()" },
    cases: () =>
      Promise.resolve([
        good("movies.json", real("movies.json"), 3201),
        good("line.json", '[{"a":"]},{"},{"b":[{}]}]', 2, [1, { a: "]},{" }], [2, { b: [{}] }]),
        bad("none.json", " [ ]\n", "nothing-stored"),
        {
          name: "spoilt.json",
          content: '[{"a":1},{"a":},[1],\n null,{"n":12345678901234567890}, ]',
          counts: { stored: 2, rejected: 4 },
          rows: [[1, { a: 1 }], [5, { n: "12345678901234567890" }]],
          rejected: [[2, /not JSON/], [3, /an array/], [4, /null/], [6, /ends too early/]],
        },
        bad("cut.json", '[{"a":1},{"a":2}', "json-cut-short"),
        bad("object.json", '{"a":[]}', "json-no-array"),
        bad("lines.json", '[{"a":1}]\n[{"a":1}]\n', "json-text-after"),
      ]),
  },
  jsonat: {
    module: { format: 'json({ at: "data.items" })' },
    cases: () =>
      Promise.resolve([
        good(
          "deep.json",
          '{"meta":{"items":[9]},"data":{"n":1,"items":[{"a":1},{"a":2}],"x":{}},"z":[1,"}"]}',
          ...([2, [1, { a: 1 }], [2, { a: 2 }]] as [number, Row, Row]),
        ),
        bad("shallow.json", '{"data":[{"a":1}]}', "json-no-array"),
        bad("open.json", '{"data":{"items":[{"a":1}]', "json-cut-short"),
      ]),
  },
  tsv: {
    module: { format: "tsv()" },
    cases: () =>
      Promise.resolve([
        good("unemployment.tsv", real("unemployment.tsv"), 3218, [2, { id: "1001", rate: ".097" }]),
        good("quoted.tsv", 'a\tb\n"x\ty"\t1,2\n', 1, [2, { a: "x\ty", b: "1,2" }]),
      ]),
  },
  xlsx: {
    module: { format: "xlsx()" },
    cases: async () => [
      good("weather.xlsx", made("weather.xlsx"), 200, [2, {
        date: "2012-01-01T00:00:00.000Z",
        precipitation: 0,
        temp_max: 12.8,
        temp_min: 5,
        wind: 4.7,
        weather: "drizzle",
      }]),
      good("packed.xlsx.gz", new Uint8Array(gzipSync(made("weather.xlsx"))), 200),
      good("packed.xlsx.zip", await zip([["book.xlsx", made("weather.xlsx")]]), 200),
      bad("text.xlsx", "a,b\n1,2\n", "wrong-format"),
      bad("cut.xlsx", cut(made("weather.xlsx")), "zip-corrupt"),
      bad("foreign.xlsx", await zip([["a.txt", "no workbook"]]), "xlsx-corrupt"),
      bad(
        "bomb.xlsx",
        await workbook([{ rows: [], after: "<x/>".repeat(9 << 20) }]),
        "zip-too-large",
      ),
      bad("large.xlsx", noise(2_100_000), "whole-file-too-large"),
    ],
  },
  notes: {
    module: { format: 'xlsx({ sheet: "Notes" })' },
    cases: () =>
      Promise.resolve([{
        name: "notes.xlsx",
        content: made("weather.xlsx"),
        counts: { stored: 1, rejected: 2, skipped: 2 },
        rows: [[3, { text: "Grüße, 世界", value: 1.5, checked: true }]],
        rejected: [
          [5, /B5 has a formula without a saved value/],
          [6, /a value in column 4 \(D6\), the header has 3/],
        ],
      }]),
  },
  shown: {
    module: {
      format:
        'xlsx({ text: ["zip code", "since"], mergedCells: "fill", errors: "null", skip: 1, headerRows: 2 })',
    },
    cases: async () => [
      good(
        "shown.xlsx",
        await workbook([{
          rows: [
            ["Report"],
            ["zip", "since", "n", null],
            ["code", null, "a", "b"],
            [styled(501, 1), styled(45_382, 2), { attributes: 't="e"', content: "<v>#N/A</v>" }],
            [styled(1234.5, 1), styled(1, 3), styled(0.4375, 4), " x "],
            [null, null, 0.1],
          ],
          after: '<mergeCells><mergeCell ref="C2:D2"/><mergeCell ref="A5:A6"/></mergeCells>',
        }], { formats: ["00000", "[$-409]d-mmm-yy;@", "0.00%", "h:mm"] }),
        3,
        [4, { "zip code": "00501", since: "31-Mar-24", "n a": null, "n b": null }],
        [5, { "zip code": "01235", since: "100.00%", "n a": "10:30:00", "n b": " x " }],
        [6, { "zip code": "01235", since: null, "n a": 0.1, "n b": null }],
      ),
    ],
  },
  twice: {
    module: { format: "xlsx({ sheet: 3 })" },
    cases: () => Promise.resolve([bad("twice.xlsx", made("weather.xlsx"), "xlsx-bad-header")]),
  },
  nosheet: {
    module: { format: "xlsx({ sheet: 4 })" },
    cases: () => Promise.resolve([bad("no.xlsx", made("weather.xlsx"), "xlsx-no-sheet")]),
  },
  parquet: {
    module: { format: "parquet()" },
    cases: () =>
      Promise.resolve([
        ...["snappy", "gzip", "zstd", "brotli", "lz4"].map((codec) =>
          good(`${codec}.parquet`, made(`weather-${codec}.parquet`), 200, [2, {
            date: "2012-01-02T00:00:00.000Z",
            weather: "rain",
            temp_max: 10.6,
            count: "9007199254740993",
            wind: "-1234567890123456789012.34",
            cents: "-0.01",
            at: "2012-01-02T12:00:00.000Z",
            tags: [1, 2],
            place: { city: "Seattle", n: 1 },
            code: { 0: 1, 1: 255 },
          }], [200, null])
        ),
        bad("cut.parquet", cut(made("weather-snappy.parquet")), "parquet-corrupt"),
        bad("text.parquet", "PAR1 or not PAR1", "wrong-format"),
      ]),
  },
  nocolumn: {
    module: { format: 'parquet({ columns: ["wind", "rain"] })' },
    cases: () =>
      Promise.resolve([
        bad("no.parquet", made("weather-snappy.parquet"), "column-missing"),
      ]),
  },
  avro: {
    module: { format: "avro()" },
    cases: () => {
      const deflated = made("weather-deflate.avro");
      const snapped = made("weather-snappy.avro");
      const first: Row = [2, {
        date: "2012-01-02T00:00:00.000Z",
        at: "2012-01-02T12:30:01.000Z",
        opened: "08:05:00.007",
        temp_max: 10.6,
        wind: "-1234567890123455.78",
        weather: "rain",
        count: "9007199254740993",
        tags: { n: [1, 2] },
      }];
      return Promise.resolve([
        good("deflate.avro", deflated, 200, first),
        good("snappy.avro", snapped, 200, first),
        bad("cut.avro", cut(deflated), "avro-cut-short"),
        bad("flipped.avro", snapped.map((byte, i) => i === 3000 ? byte ^ 1 : byte), "avro-corrupt"),
        bad("text.avro", "not Avro", "wrong-format"),
        bad("endless.avro", Uint8Array.fromHex(`4f626a01fe${"ff".repeat(8)}01`), "avro-cut-short"),
        bad("short.avro", deflated.slice(0, 100), "avro-cut-short"),
      ]);
    },
  },
  zip: {
    module: { files: "*.csv", before: 'record["entry"] = ctx.entryName;' },
    cases: async () => {
      const good1 = await zip([["a.csv", "x\n1\n2\n"], ["in/b.csv", "y,z\n3,4\n5\n"]]);
      const one = "x\n1\n2\n3\n".repeat(100);
      return [
        {
          name: "two.csv.zip",
          content: good1,
          counts: { stored: 3, rejected: 1 },
          rows: [
            [2, { x: "1", entry: "a.csv" }],
            [3, { x: "2", entry: "a.csv" }],
            [2, { y: "3", z: "4", entry: "in/b.csv" }],
          ],
          rejected: [[3, /"in\/b\.csv": has 1 field/]],
        },
        good("gz.csv.gz", new Uint8Array(gzipSync("x\n1\n")), 1, [2, { x: "1", entry: null }]),
        good(
          "beside.csv.zip",
          await zip([["__MACOSX/._a.csv", "?"], ["d/", ""], ["d/a.csv", "x\n1\n"], [".x", "?"]]),
          ...([1, [2, { x: "1", entry: "d/a.csv" }]] as [number, Row]),
        ),
        good("any-name.csv.zip", await zip([["data", "x\n1\n"]]), 1),
        bad("path.csv.zip", await zip([["../../../etc/a.csv", "x\n1\n"]]), "zip-corrupt"),
        good(
          "readme.zip",
          await zip([["a.csv", "x\n1\n"], ["README.txt", "?"]]),
          ...([1, [2, { x: "1", entry: "a.csv" }]] as [number, Row]),
        ),
        good("zip.csv", await zip([["a.csv", "x\n1\n"]]), 1),
        good("twice.csv.gz", new Uint8Array(gzipSync(gzipSync("x\n1\n"))), 1),
        bad("foreign.zip", await zip([["b.txt", "?"], ["c.txt", "?"]]), "zip-no-entry"),
        bad(
          "layers.csv.gz",
          new Uint8Array(gzipSync(gzipSync("x\n" + "\n".repeat(36 << 20)))),
          "unpacked-too-large",
        ),
        bad("book.csv", made("weather.xlsx"), "wrong-format"),
        bad("locked.csv.zip", await zip([["a.csv", "x\n1\n"]], { password: "p" }), "zip-encrypted"),
        bad("nested.csv.zip", await zip([["a.csv", good1]]), "zip-nested"),
        bad("empty.csv.zip", await zip([["d/", ""]]), "zip-empty"),
        bad("cut.csv.zip", cut(good1), "zip-corrupt"),
        bad("crc.csv.zip", damaged(await zip([["a.csv", one]])), "zip-corrupt"),
        bad(
          "overlap.csv.zip",
          overlapped(await zip([["a.csv", one], ["b.csv", one]])),
          "zip-corrupt",
        ),
        bad("text.csv.zip", "x\n1\n", "zip-corrupt"),
        bad(
          "bomb.csv.zip",
          await zip([["a.csv", "x\n" + "\n".repeat(36 << 20)]]),
          "zip-too-large",
        ),
        bad(
          "many.csv.zip",
          await zip(Array.from({ length: 1_001 }, (_, i) => [`${i}.csv`, ""])),
          "zip-too-many-entries",
        ),
        bad("large.csv.zip", await zip([["a.csv", noise(2_200_000)]]), "whole-file-too-large"),
      ];
    },
  },
};

/** Changes the checksum of the first file in the archive's directory. */
function damaged(archive: Bytes): Bytes {
  const view = new DataView(archive.buffer);
  for (let at = 0; at + 46 <= archive.length; at++) {
    if (view.getUint32(at, true) !== 0x0201_4b50) continue;
    archive[at + 16]! ^= 1;
    return archive;
  }
  throw new Error("the archive has no directory");
}

function rowsOf(platform: Platform, tenant: string, file: string): Row[] {
  const sql = `SELECT "line", "content" FROM "items" WHERE "file" = '${file}' ORDER BY "id"`;
  return platform.query(tenant, sql).map(({ line, content }) => {
    return [Number(line), JSON.parse(String(content))];
  });
}

async function check(platform: Platform, tenant: string, expected: Case): Promise<void> {
  const [file] = await platform.files({ tenant, name: expected.name });
  assert.ok(file, "the file is in the ledger");
  const details = JSON.stringify(file);
  assert.ok(addsUp(file), details);
  assert.equal(file.reason?.code, expected.code, details);
  if (expected.code !== undefined) return assert.equal(file.state, "quarantined");
  const { stored = 0, rejected = 0, skipped = 0 } = expected.counts ?? {};
  assert.deepEqual(
    { ...file.rows, written: 0, replaced: 0 },
    { read: stored + rejected + skipped, stored, rejected, skipped, written: 0, replaced: 0 },
    details,
  );
  const rows = rowsOf(platform, tenant, expected.name);
  assert.equal(rows.length, stored, "no two rows share a key");
  for (const [line, record] of expected.rows ?? []) {
    const found = rows.filter((row) => row[0] === line).map((row) => row[1]);
    if (record !== null) assert.ok(found.some((one) => isSame(one, record)), JSON.stringify(found));
    else assert.equal(found.length, 1);
  }
  const rejects = await platform.rejects(file.id);
  for (const [n, [line, reason]] of (expected.rejected ?? []).entries()) {
    assert.equal(rejects[n]?.line, line);
    assert.match(rejects[n]?.reason ?? "", reason);
  }
}

function isSame(found: unknown, expected: unknown): boolean {
  try {
    assert.deepEqual(found, expected);
    return true;
  } catch {
    return false;
  }
}

Deno.test("formats: each file of each format has a clear result", async (t) => {
  await using platform = await Platform.create(CONFIG);
  const all: [string, Case[]][] = [];
  for (const [tenant, { module, cases }] of Object.entries(TENANTS)) {
    await platform.deploy(tenant, keepAll({ ...LENIENT, ...module }));
    all.push([tenant, await cases()]);
  }
  for (const [tenant, cases] of all) {
    for (const { name, content } of cases) await platform.stage(tenant, name, content);
  }
  const { code } = await platform.run("manage", "--once");
  assert.equal(code, 1, "some files failed");
  for (const [tenant, cases] of all) {
    for (const each of cases) {
      await t.step(`${tenant}: ${each.name}`, () => check(platform, tenant, each));
    }
  }
});

Deno.test("formats: three million real rows of Parquet load within the memory limit", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const module = keepAll({
      format: "parquet()",
      before: "if (ctx.line % 1000 !== 0) return null;",
      limits: { memoryMb: 256 },
    });
    await writeModule(dir, module);
    const file = sample("flights-3m.parquet");
    const { code, stdout } = await run(["manage", "tenant", "test", "--json", dir, file]);
    const { counts, failure } = JSON.parse(stdout);
    assert.equal(failure, null);
    assert.equal(code, 0);
    assert.deepEqual(counts, {
      read: 3_000_000,
      stored: 3_000,
      replaced: 0,
      rejected: 0,
      skipped: 2_997_000,
      written: 3_000,
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("formats: invalid options of a format are refused at deploy", async () => {
  binary();
  const dir = await Deno.makeTempDir();
  try {
    for (
      const [format, expected] of [
        ["xlsx({ sheet: 0 })", /format\.options\.sheet/],
        ['xlsx({ errors: "skip" })', /format\.options\.errors/],
        ['json({ at: "a..b" })', /member names/],
        ["parquet({ columns: [] })", /format\.options\.columns/],
      ] as const
    ) {
      await writeModule(dir, keepAll({ format }));
      const { code, stderr } = await run([
        "manage",
        "tenant",
        "test",
        dir,
        join(dir, "tenant.json"),
      ]);
      assert.equal(code, 2);
      assert.match(stderr, expected);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
