import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { FileRecord } from "../../src/storage/contract.ts";
import { keepAll } from "../harness/modules.ts";
import { addsUp, Platform } from "../harness/platform.ts";
import { type Customer, upload } from "../harness/tus.ts";
import { until } from "../harness/until.ts";

type Bytes = Uint8Array<ArrayBuffer>;
/** An expected row: its line and its record. */
type Kept = [number, Record<string, unknown>];
/** An expected reject: its line, its reason, and the start of its raw text. */
type Refused = [number, RegExp, string];

/** A file and the expected result. Without `code` it must be loaded. */
interface Case {
  what: string;
  content: string | Bytes;
  name?: string;
  kept?: Kept[];
  refused?: Refused[];
  skipped?: number;
  code?: string;
  reason?: RegExp;
}

const CONFIG = "[manage]\nscan_seconds = 0.5\n[sandbox]\nmax_unpacked_mb = 32\n";
const MB = 1024 * 1024;
const LONG = "x".repeat(50 * MB);
const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

function utf16(text: string, bigEndian = false): Bytes {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let n = 0; n < text.length; n++) view.setUint16(2 * n, text.charCodeAt(n), !bigEndian);
  return new Uint8Array(view.buffer);
}

function joined(...parts: (string | number[])[]): Bytes {
  return new Uint8Array(parts.flatMap((part) => [
    ...(typeof part === "string" ? utf8(part) : part),
  ]));
}

const gzip = (content: string | Bytes): Bytes => new Uint8Array(gzipSync(content));
/**
 * Compresses badly, so that half of the bytes contain half of the records. The same in every run,
 * because the effect of a changed byte depends on the bytes around it.
 */
const NOISE = "a,b\n" +
  Array.from({ length: 20_000 }, (_, n) => `${n},${Math.imul(n + 1, 2_654_435_761) / 2 ** 31}\n`)
    .join("");
const flipped = gzip(NOISE).map((byte, at) => at === 5_000 ? byte ^ 255 : byte);

const GOOD: Kept[] = [[2, { a: "1", b: "2" }], [3, { a: "3", b: "4" }]];
const LAST: Kept[] = [[3, { a: "3", b: "4" }]];

const CSV: Case[] = [
  {
    what: "quotes, delimiters in quotes, doubled quotes",
    content: 'a,b\n"1","x, ""y"""\n"",""""\n',
    kept: [[2, { a: "1", b: 'x, "y"' }], [3, { a: "", b: '"' }]],
  },
  {
    what: "newlines in fields",
    content: 'a,b\n1,"two\nlines"\n"\r\n",x\n3,4\n',
    kept: [[2, { a: "1", b: "two\nlines" }], [4, { a: "\r\n", b: "x" }], [6, { a: "3", b: "4" }]],
  },
  {
    what: "ragged rows",
    content: "a,b\n1\n3,4\n1,2,3\n",
    kept: LAST,
    refused: [[2, /has 1 field, the header has 2/, "1"], [4, /has 3 fields/, "1,2,3"]],
  },
  { what: "a byte order mark", content: "\uFEFFa,b\n1,2\n3,4\n", kept: GOOD },
  { what: "CRLF", content: "a,b\r\n1,2\r\n3,4\r\n", kept: GOOD },
  { what: "no line end at the end of the file", content: "a,b\n1,2\n3,4", kept: GOOD },
  { what: "only CR", content: "a,b\r1,2\r3,4\r", kept: GOOD },
  {
    what: "a lone CR among LF",
    content: "a,b\n1,x\ry\n3,4\n",
    kept: LAST,
    refused: [[2, /lone carriage return/, "1,x\ry"]],
  },
  { what: "blank lines", content: "a,b\n\n3,4\n\n", kept: LAST, skipped: 2 },
  {
    what: "NUL bytes",
    content: "a,b\n1,x\0y\n3,4\n",
    kept: LAST,
    refused: [[2, /NUL/, "1,x\0y"]],
  },
  {
    what: "text after a closing quote, a quote within a field",
    content: 'a,b\n"1"x,2\n3,4\n1,x"y\n',
    kept: LAST,
    refused: [[2, /after a closing quote, at character 4/, '"1"x,2'], [4, /quote inside/, '1,x"y']],
  },
  {
    what: "a line of 50 MB",
    content: `a,b\n1,${LONG}\n3,4\n`,
    kept: LAST,
    refused: [[2, /longer than 1,048,576 characters/, "1,xxx"]],
  },
  {
    what: "a quoted field of 50 MB",
    content: `a,b\n1,"${LONG}"\n3,4\n`,
    kept: LAST,
    refused: [[2, /longer than 1,048,576 characters/, '1,"xxx']],
  },
  {
    what: "50 MB without a line end",
    content: LONG,
    code: "csv-bad-header",
    reason: /header at line 1.*longer than 1,048,576/,
  },
  { what: "only a header", content: "a,b\n", code: "nothing-stored", reason: /it has no records/ },
  { what: "UTF-16 LE with its mark", content: utf16("\uFEFFa,b\n1,2\n3,4\n"), kept: GOOD },
  { what: "UTF-16 BE with its mark", content: utf16("\uFEFFa,b\n1,2\n3,4\n", true), kept: GOOD },
  {
    what: "UTF-16 without its mark",
    content: utf16("a,b\n1,2\n3,4\n"),
    code: "wrong-format",
    reason: /UTF-16LE text without a mark/,
  },
  {
    what: "a quote that is not closed, after rejects",
    content: 'a,b\n1,"2\n1\n3,4\n',
    kept: [[4, { a: "3", b: "4" }]],
    refused: [[2, /a quote that is not closed, at character 3/, '1,"2'], [3, /has 1 field/, "1"]],
  },
  {
    what: "invalid UTF-8",
    content: joined("a,b\n1,", [0xff, 0xc3], "\n3,4\n", [0x31, 0x2c, 0xe2, 0x82]),
    kept: LAST,
    refused: [[2, /not valid UTF-8/, "1,\uFFFD"], [4, /not valid UTF-8/, "1,\uFFFD"]],
  },
  {
    what: "a column named twice",
    content: "a,a\n1,2\n",
    code: "csv-bad-header",
    reason: /"a"/,
  },
  { what: "gzip", name: "good.csv.gz", content: gzip("a,b\n1,2\n3,4\n"), kept: GOOD },
  {
    what: "gzip cut short",
    name: "cut.csv.gz",
    content: gzip(NOISE).slice(0, -9_000),
    code: "gzip-truncated",
    reason: /cut short/,
  },
  {
    what: "gzip without its last byte",
    name: "cut-late.csv.gz",
    content: gzip("a,b\n1,2\n").slice(0, -1),
    code: "gzip-truncated",
    reason: /cut short/,
  },
  {
    what: "gzip with a byte changed",
    name: "flipped.csv.gz",
    content: flipped,
    code: "gzip-corrupt",
    reason: /damaged/,
  },
  {
    what: "text in a file named .gz",
    name: "text.csv.gz",
    content: "a,b\n1,2\n",
    code: "gzip-corrupt",
    reason: /not gzip/,
  },
  {
    what: "a gzip bomb of 1 GB",
    name: "bomb.csv.gz",
    content: bomb(),
    code: "gzip-too-large",
    reason: /more than (1,000 times its size|33,554,432 bytes)/,
  },
  {
    what: "gzip that decompresses to more than the limit",
    name: "large.csv.gz",
    content: gzip("a,b\n" + `${"x".repeat(500)},${"y".repeat(499)}\n`.repeat(35_000) + NOISE),
    code: "gzip-too-large",
    reason: /more than 33,554,432 bytes/,
  },
  {
    what: "a name that matches none of the module's patterns",
    name: "notes.jsonl",
    content: "{}\n",
    code: "no-pattern",
    reason: /takes only files named \*\.csv/,
  },
];

const JSONL: Case[] = [
  {
    what: "lines that are not JSON objects",
    content: '{"a":1}\nnot json\n[1]\nnull\n{"a":\n\n{"a":1}{"a":2}\n"x"\n{"a":8}',
    kept: [[1, { a: 1 }], [9, { a: 8 }]],
    skipped: 1,
    refused: [
      [2, /not JSON/, "not json"],
      [3, /an array/, "[1]"],
      [4, /null/, "null"],
      [5, /ends too early/, '{"a":'],
      [7, /text follows/, '{"a":1}{"a":2}'],
      [8, /a string/, '"x"'],
    ],
  },
  {
    what: "one object over several lines",
    content: '{\n  "a": 1\n}\n',
    code: "nothing-stored",
    reason: /all of its 3 records were rejected/,
    refused: [[1, /not JSON/, "{"], [2, /not JSON|a string/, '  "a": 1'], [3, /not JSON/, "}"]],
  },
  {
    what: "bytes that are not text, and NUL",
    content: joined([0xff, 0x7b, 0x7d], "\n\0\n{}\n", '{"a":"x\0y"}\n{"a":"x\\u0000y"}\n'),
    kept: [[3, {}], [5, { a: "x\0y" }]],
    refused: [[1, /UTF-8/, "\uFFFD{}"], [2, /not JSON/, "\0"], [4, /control character/, '{"a":"x']],
  },
  {
    what: "a line of 50 MB",
    content: `{"a":"${LONG}"}\n{"a":2}\n`,
    kept: [[2, { a: 2 }]],
    refused: [[1, /longer than 1,048,576/, '{"a":"xxx']],
  },
];

/** One megabyte that decompresses to one gigabyte: a header, then the same line repeatedly. */
function bomb(): Bytes {
  const lines = new Uint8Array(100 * MB).fill("x".charCodeAt(0));
  for (let at = 100_000; at < lines.length; at += 100_000) lines.set([44, 120, 10], at);
  const piece = gzip(lines);
  const whole = new Uint8Array(10 * piece.length);
  for (let n = 0; n < 10; n++) whole.set(piece, n * piece.length);
  return whole;
}

/** The rows of a file, compared as JSON, so that text with NUL is compared completely. */
function contentOf(platform: Platform, tenant: string, file: string): Kept[] {
  const rows = platform.query(
    tenant,
    `SELECT "line", "content" FROM "items" WHERE "file" = '${file}' ORDER BY "line"`,
  );
  return rows.map(({ line, content }) => [Number(line), JSON.parse(String(content))]);
}

async function check(platform: Platform, expected: Case, file: FileRecord): Promise<void> {
  // Each takes about a second; the limit leaves room for a busy machine and still finds a hang.
  assert.ok((file.seconds ?? 0) < 120, `${file.seconds} s`);
  const { kept = [], refused = [], skipped = 0, code } = expected;
  const details = JSON.stringify(file);
  assert.ok(addsUp(file), details);
  const wanted = code === undefined
    ? "ingested"
    : code === "no-pattern"
    ? "refused"
    : "quarantined";
  assert.equal(file.state, wanted, details);
  assert.equal(file.reason?.code, code, details);
  if (expected.reason) assert.match(file.reason?.message ?? "", expected.reason);
  assert.deepEqual(contentOf(platform, file.tenant, file.name), kept);
  const rejects = await platform.rejects(file.id);
  assert.equal(file.rows.rejected, rejects.length, details);
  assert.equal(file.rows.stored, kept.length, details);
  if (code === undefined) assert.equal(file.rows.skipped, skipped, details);
  assert.equal(rejects.length, refused.length, JSON.stringify(rejects).slice(0, 2_000));
  for (const [n, [line, reason, raw]] of refused.entries()) {
    assert.equal(rejects[n]?.line, line);
    assert.match(rejects[n]?.reason ?? "", reason);
    assert.equal(rejects[n]?.raw.slice(0, raw.length), raw);
  }
  const folder = wanted === "ingested" ? "archive" : "quarantine";
  // The ledger is updated before the file is moved.
  const bytes = await until("the file was moved", () => {
    return Deno.stat(join(platform.data, folder, file.tenant, file.id)).catch(() => null);
  });
  assert.equal(bytes.size, file.size, "the file is kept unchanged");
}

type Put = (tenant: string, name: string, content: Bytes) => Promise<void>;

const ALL = [["customer-1", "csv", CSV], ["customer-2", "jsonl", JSONL]] as const;

/** Puts all files in, then checks the result of each. */
async function runCases(t: Deno.TestContext, platform: Platform, put: Put): Promise<void> {
  for (const [tenant, extension, cases] of ALL) {
    for (const [n, { name = `${n}.${extension}`, content }] of cases.entries()) {
      await put(tenant, name, typeof content === "string" ? utf8(content) : content);
    }
  }
  for (const [tenant, extension, cases] of ALL) {
    for (const [n, each] of cases.entries()) {
      await t.step(`${extension}: ${each.what}`, async () => {
        const file = await platform.settled(tenant, each.name ?? `${n}.${extension}`);
        await check(platform, each, file);
      });
    }
    await platform.emptied("staging", tenant);
  }
}

async function prepared(): Promise<Platform> {
  const platform = await Platform.create(CONFIG);
  await platform.deploy("customer-1", {
    ...keepAll({ files: "*.csv" }),
    "ingest.ts": (keepAll()["ingest.ts"] ?? "").replace('"*"', '["*.csv", "*.csv.gz"]'),
  });
  await platform.deploy("customer-2", keepAll({ format: "jsonl()" }));
  return platform;
}

Deno.test("bad input by upload: each file has a clear result, and no record is lost", async (t) => {
  await using platform = await prepared();
  await platform.seedAccounts();
  const { url } = await platform.serve();
  const manage = platform.manage();
  await runCases(t, platform, async (user, name, content) => {
    const customer: Customer = { url, user, password: user.replace("customer", "password") };
    assert.equal((await upload(customer, name, content)).status, 201);
  });
  assert.equal((await manage.stop()).code, 0);
});

Deno.test("bad input placed in staging: each file has a clear result, and no record is lost", async (t) => {
  await using platform = await prepared();
  const manage = platform.manage();
  await runCases(t, platform, (tenant, name, content) => platform.stage(tenant, name, content));
  await t.step("an empty file", async () => {
    await platform.stage("customer-1", "empty.csv", "");
    const file = await platform.settled("customer-1", "empty.csv");
    assert.equal(file.state, "refused");
    assert.equal(file.reason?.code, "empty-file");
    assert.ok(addsUp(file));
  });
  assert.equal((await manage.stop()).code, 0);
});
