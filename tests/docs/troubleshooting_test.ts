import assert from "node:assert/strict";
import { join } from "node:path";
import { waitingSchema } from "../../src/protocol/file_view.ts";
import { REACTIONS } from "../../src/telemetry/reactions.ts";
import { ROOT } from "../harness/binary.ts";
import { coded, readDoc } from "./markdown.ts";

/** Where the failures come from that become the reason of a file. */
const SOURCES = ["batch", "data", "manage", "sandbox", "staging", "storage"];
/** Codes that are no reason of a file: of commands and requests, whose messages have a hint, and internal ones. */
const NOT_A_REASON = [
  "already-loaded",
  "bad-batch",
  "bad-chunk",
  "bad-declaration",
  "bad-file-id",
  "bad-key-file",
  "bad-reader-name",
  "bad-storage-url",
  "bad-table",
  "not-replayable",
  "data-not-empty",
  "file-ended",
  "file-not-found",
  "host-gone",
  "illegal-transition",
  "ledger-conflict",
  "load-ended",
  "module-fault",
  "no-keyspace",
  "no-load",
  "no-such-reader",
  "reader-exists",
  "record-lost",
  "rows-do-not-add-up",
  "sender-closed",
  "sha256-mismatch",
  "storage-closed",
  "storage-failed",
  "too-busy",
  "unknown-storage",
  "version-waits",
];
/** Other words with dashes in the same folders, such as names of encodings, packages and headers. */
const NO_CODE = [
  "big-decimal",
  "cassandra-driver",
  "content-type",
  "d-mmm",
  "d-mmm-yy",
  "dynamic-import",
  "entry-point",
  "esbuild-wasm",
  "euc-jp",
  "euc-kr",
  "hyparquet-compressors",
  "import-statement",
  "last-modified",
  "local-timestamp-micros",
  "local-timestamp-millis",
  "local-timestamp-nanos",
  "mmm-yy",
  "mysimbdp-manage",
  "mysimbdp-module",
  "mysimbdp-sandbox",
  "only-these-files",
  "prom-client",
  "read-only",
  "require-call",
  "retry-after",
  "time-micros",
  "time-millis",
  "timestamp-micros",
  "timestamp-millis",
  "timestamp-nanos",
  "us-ascii",
  "x-user-defined",
];

const OPERATIONS = readDoc("docs/operations.md").prose;
const CHAPTER = OPERATIONS.split("\n## ").find((part) => part.startsWith("Troubleshooting")) ?? "";
const NAMED = new Set(coded(CHAPTER));

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* sources(path);
    else if (path.endsWith(".ts")) yield Deno.readTextFileSync(path);
  }
}

/** Words with dashes in the code of these folders: every code of a failure is one. */
function dashedWords(folders: string[]): string[] {
  const texts = folders.flatMap((folder) => [...sources(join(ROOT, "src", folder))]);
  const words = texts.flatMap((text) => [...text.matchAll(/"([a-z]+(?:-[a-z]+)+)"/g)]);
  return [...new Set(words.map(([, word = ""]) => word))].sort();
}

Deno.test("the chapter Troubleshooting explains every reason with which a file can fail", () => {
  const elsewhere = new Set([...NOT_A_REASON, ...NO_CODE, ...coded(storageCodes())]);
  const missing = dashedWords(SOURCES).filter((code) => !NAMED.has(code) && !elsewhere.has(code));
  assert.deepEqual(missing, [], "explain these in the chapter, or list them in this test");
});

/** The codes of the storage have a table of their own. */
function storageCodes(): string {
  return OPERATIONS.split("\n## ").find((part) => part.startsWith("Exit codes")) ?? "";
}

Deno.test("the chapter Troubleshooting names only what the program has", () => {
  const folders = [...Deno.readDirSync(join(ROOT, "src"))].filter(({ isDirectory }) => isDirectory);
  const known = new Set([...dashedWords(folders.map(({ name }) => name)), "gzip-corrupt"]);
  const codes = [...NAMED].filter((word) => /^[a-z]+(-[a-z]+)+$/.test(word));
  assert.deepEqual(codes.filter((code) => !known.has(code)), []);
  const events = [...NAMED].filter((word) => /^[a-z]+\.[a-z_]+$/.test(word) && !isSetting(word));
  assert.deepEqual(events.filter((event) => !(event in REACTIONS)), []);
});

function isSetting(word: string): boolean {
  return OPERATIONS.includes(`| \`${word}\` `) || /\.(log|json|toml)$/.test(word);
}

Deno.test("the chapter Troubleshooting names every warning and error that is logged", () => {
  const logged = Object.entries(REACTIONS).filter(([, { level }]) =>
    level === "warning" || level === "error"
  );
  assert.deepEqual(logged.map(([kind]) => kind).filter((kind) => !NAMED.has(kind)), []);
});

Deno.test("the chapter Troubleshooting names everything that a file can wait for", () => {
  const codes = waitingSchema.shape.code.options;
  assert.deepEqual(codes.filter((code) => !NAMED.has(code)), []);
});

Deno.test("the chapter Troubleshooting names every check of doctor", () => {
  const source = Deno.readTextFileSync(join(ROOT, "src/upkeep/doctor/doctor.ts"));
  const table = /const CHECKS[^=]*= \{([\s\S]*?)\n\};/.exec(source)?.[1] ?? "";
  const checks = [...table.matchAll(/^ {2}(\w+):/gm)].map(([, name = ""]) => name);
  assert.ok(checks.length > 5);
  assert.deepEqual(checks.filter((check) => !NAMED.has(check)), []);
});
