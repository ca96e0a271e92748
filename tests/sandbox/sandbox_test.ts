import assert from "node:assert/strict";
import type { RejectView } from "../../src/protocol/file_view.ts";
import { decodeBatch } from "../../src/batch/batch.ts";
import type { TableSpec, Value } from "../../src/batch/column.ts";
import { parseDeclaration } from "../../src/sandbox/wire/declaration.ts";
import type { Grants } from "../../src/sandbox/wire/host_messages.ts";
import { Sandbox } from "../../src/sandbox/host/sandbox.ts";
import { ModuleFault } from "../../src/sandbox/host/sandbox_failures.ts";

const ROOMY = { memoryBytes: 512 * 1024 ** 2, seconds: 600 };
const SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

function moduleOf(row: string, format = "csv()"): string {
  return `import { csv, defineIngest, jsonl } from "mysimbdp";
export default defineIngest({
  files: "*",
  format: ${format},
  tables: { t: { columns: { id: "uuid", a: "text", n: "int" }, partitionKey: ["id"] } },
  row: ${row},
});`;
}

const NONE = { read: 0, stored: 0, replaced: 0, rejected: 0, skipped: 0, written: 0 };
const NOTHING: Grants = { read: [], net: [], secrets: {} };
const PLAIN = "(r, ctx) => ({ t: { id: ctx.rowId, a: r.a, n: r.n } })";

async function build(source: string): Promise<string> {
  return await Sandbox.spawn().bundle("ingest.ts", { "ingest.ts": source }, ROOMY);
}

async function run(
  source: string,
  input: (string | Uint8Array)[],
  { limits = ROOMY, fileName = "f.csv", grants = NOTHING } = {},
) {
  const script = await build(source);
  const declaration = parseDeclaration(await Sandbox.spawn().describe(script, ROOMY));
  const { tables } = declaration;
  const rejects: RejectView[] = [];
  const rows: Value[][] = [];
  const logs: string[] = [];
  const encoder = new TextEncoder();
  const counts = await Sandbox.spawn().ingest({
    script,
    fileName,
    sha256: SHA256,
    ...declaration,
    open: () =>
      ReadableStream.from(input.map((x) => typeof x === "string" ? encoder.encode(x) : x)),
    limits,
    grants,
    maxRecordChars: 1024 * 1024,
    maxInputBytes: 2 ** 40,
    maxWholeBytes: 64 * 1024 ** 2,
  }, {
    batch: (bytes) => Promise.resolve(void rows.push(...rowsOf(bytes, tables))),
    rejects: (found) => Promise.resolve(void rejects.push(...found)),
    log: (text) => logs.push(text),
  });
  return { counts, rows, rejects, logs };
}

function rowsOf(bytes: Uint8Array, tables: TableSpec[]): Value[][] {
  const { columns, rows } = decodeBatch(bytes, tables);
  return Array.from({ length: rows }, (_, i) => columns.map((column) => column[i] ?? null));
}

async function faultsOf(source: string, files: Record<string, string> = {}) {
  try {
    await Sandbox.spawn().bundle("ingest.ts", { "ingest.ts": source, ...files }, ROOMY);
  } catch (error) {
    if (error instanceof ModuleFault) return error.faults;
    throw error;
  }
  return [];
}

Deno.test("a file runs through a module: rows, rejects and skips add up", async () => {
  const row = `(r, ctx) => r.a === "skip" ? null : r.a === "no" ? ctx.reject("said no", "a")
    : { t: { id: ctx.rowId, a: r.a, n: r.n } }`;
  const { counts, rows, rejects } = await run(moduleOf(row), [
    "a,n\nx,1\nskip,2\n",
    "no,3\ny,b",
    "ad\n\nz,\n",
  ]);
  assert.deepEqual(counts, { ...NONE, read: 6, stored: 2, rejected: 2, skipped: 2, written: 2 });
  assert.deepEqual(rows, [
    ["ba7816bf-8f01-8cfe-a414-000000000002", "x", 1],
    ["ba7816bf-8f01-8cfe-a414-000000000007", "z", null],
  ]);
  assert.deepEqual(rejects, [
    { line: 4, column: "a", reason: "said no", raw: "no,3" },
    { line: 5, column: "n", reason: '"bad" is not an int', raw: "y,bad" },
  ]);
});

Deno.test("a module's relative imports are bundled with it", async () => {
  const files = {
    "ingest.ts": `import { double } from "./lib/double.ts";\n${
      moduleOf("(r, ctx) => ({ t: { id: ctx.rowId, n: double(Number(r.n)) } })")
    }`,
    "lib/double.ts": "export const double = (n: number): number => 2 * n;",
  };
  const script = await Sandbox.spawn().bundle("ingest.ts", files, ROOMY);
  assert.match(script, /2 \* n/);
});

Deno.test("faults in a module's source are reported with file and line", async () => {
  assert.deepEqual(
    (await faultsOf("const a = 1;\nconst b = ;")).map((
      { file, line, column },
    ) => [file, line, column]),
    [["ingest.ts", 2, 11]],
  );
  const [node] = await faultsOf('\nimport fs from "node:fs";\nfs;');
  assert.deepEqual([node?.file, node?.line], ["ingest.ts", 2]);
  assert.match(node?.message ?? "", /"node:fs" cannot be imported/);
  const [outside] = await faultsOf('import "../../etc/passwd.ts";');
  assert.match(outside?.message ?? "", /outside the module's folder/);
  const [nested] = await faultsOf('import "./a.ts";', {
    "a.ts": 'export const x = 1;\nawait import("./b.ts");',
  });
  assert.deepEqual([nested?.file, nested?.line], ["a.ts", 2]);
  const all = await faultsOf('import "./a.ts";\nimport "lodash";\nconst b = ;', {
    "a.ts": 'import { x } from "./lib/x";\nimport "node:fs";\nx(;',
    "lib/x.ts": "export const x = 1;\nlet let = 2;\nx ==== 1;",
    "unused.ts": "}",
  });
  assert.deepEqual(all.map(({ file, line }) => `${file}:${line}`), [
    "ingest.ts:3",
    "ingest.ts:2",
    "a.ts:3",
    "a.ts:2",
    "lib/x.ts:2",
    "lib/x.ts:3",
  ]);
  assert.match(all[1]?.message ?? "", /"lodash" cannot be imported/);
  const one = await faultsOf('export default f({\n  files: "*",\n  row(r {},\n});');
  assert.deepEqual(one.map(({ line }) => line), [3]);
});

Deno.test("a module without a default export or `row` is refused", async () => {
  const describe = async (source: string) =>
    await Sandbox.spawn().describe(await build(source), ROOMY);
  await assert.rejects(() => describe("export const a = 1;"), /no default export/);
  await assert.rejects(
    () => describe("export default { files: '*', row: 1 };"),
    /`row` is not a function/,
  );
  await assert.rejects(() => describe("throw new Error('on purpose');"), /on purpose/);
});

Deno.test("a module sees the language and nothing of the host", async () => {
  const names = [
    "Deno",
    "process",
    "require",
    "fetch",
    "Worker",
    "postMessage",
    "self",
    "window",
    "location",
  ];
  const row = `(r, ctx) => ({ t: { id: ctx.rowId, a: ${JSON.stringify(names)}.map((n) => {
    try { return typeof new Function("return " + n)() } catch { return typeof globalThis[n] } }).join() } })`;
  const { rows } = await run(moduleOf(row), ["a,n\n1,1\n"]);
  assert.equal(rows[0]?.[1], names.map(() => "undefined").join());
});

Deno.test("the time limit ends an endless loop", async () => {
  await assert.rejects(
    () =>
      run(moduleOf("() => { for (;;); }"), ["a,n\n1,1\n"], { limits: { ...ROOMY, seconds: 1 } }),
    { code: "sandbox-time" },
  );
});

Deno.test("the memory limit ends a memory bomb", async () => {
  const bomb =
    "() => { const all = []; for (;;) all.push(new Array(1e5).fill(Math.PI * all.length)); }";
  await assert.rejects(
    () =>
      run(moduleOf(bomb), ["a,n\n1,1\n"], {
        limits: { memoryBytes: 300 * 1024 ** 2, seconds: 600 },
      }),
    { code: "sandbox-memory" },
  );
});

Deno.test("rows that do not fit their table are rejected with the column's name", async () => {
  const rejectOf = async (row: string) => (await run(moduleOf(row), ["a,n\n1,1\n"])).rejects[0];
  const unknown = await rejectOf("(r, ctx) => ({ t: { id: ctx.rowId, b: 1 } })");
  assert.deepEqual([unknown?.column, unknown?.reason], ["b", 'the table "t" has no such column']);
  const noKey = await rejectOf("() => ({ t: { a: 1 } })");
  assert.deepEqual([noKey?.column, noKey?.reason], ["id", "a key column is empty"]);
  const noTable = await rejectOf("() => ({ users: { a: 1 } })");
  assert.equal(noTable?.reason, 'the module declares no table "users" that it may write');
  const thrown = await rejectOf("() => { throw new Error('oops') }");
  assert.match(thrown?.reason ?? "", /^row threw: oops \(ingest\.ts:\d+:\d+\)$/);
});

Deno.test("a record may produce several rows, of which all or none are stored", async () => {
  const row = `(r, ctx) => ({ t: [{ id: ctx.rowId, n: 1 },
    { id: "00000000-0000-0000-0000-000000000001", n: r.n }] })`;
  const { counts, rows } = await run(moduleOf(row), ["a,n\nx,2\ny,bad\n"]);
  assert.deepEqual(counts, { ...NONE, read: 2, stored: 1, rejected: 1, written: 2 });
  assert.equal(rows.length, 2);
});

Deno.test("rows and rejects of an async row function keep the order of the file", async () => {
  const source = moduleOf(`async (r, ctx) => {
    for (let i = Number(r.n); i < 5; i++) await null;
    if (r.a === "bad") return ctx.reject("bad", "a");
    if (r.a === "fails") throw new Error("oops");
    return { t: { id: ctx.rowId, a: r.a + ctx.line, n: r.n } };
  }`);
  const input = ["a,n\nx,1\nbad,0\ny,5\nfails,0\n", "z,0\n"];
  const { counts, rows, rejects } = await run(source, input);
  assert.deepEqual(counts, { ...NONE, read: 5, stored: 3, rejected: 2, written: 3 });
  assert.deepEqual(rows.map(([, a]) => a), ["x2", "y4", "z6"]);
  assert.deepEqual(new Set(rows.map(([id]) => id)).size, 3);
  assert.deepEqual(rejects.map(({ line, raw }) => [line, raw]), [[3, "bad,0"], [5, "fails,0"]]);
  assert.match(rejects[1]?.reason ?? "", /^row threw: oops \(ingest\.ts:\d+:\d+\)$/);
});

Deno.test("a promise from a row function that is not async fails the file", async () => {
  await assert.rejects(() => run(moduleOf("() => Promise.resolve(null)"), ["a,n\n1,1\n"]), {
    code: "module-async",
  });
});

Deno.test("the time limit ends a promise that never settles", async () => {
  const source = moduleOf("async () => { await new Promise(() => {}); return null; }");
  await assert.rejects(
    () => run(source, ["a,n\n1,1\n"], { limits: { ...ROOMY, seconds: 2 } }),
    { code: "sandbox-time" },
  );
});

Deno.test("a lookup without permission fails the file", async () => {
  const source = moduleOf(`async (r, ctx) => { await ctx.lookup("t", "1"); return null; }`);
  await assert.rejects(() => run(source, ["a,n\n1,1\n"]), { code: "permission-missing" });
});

Deno.test("requests that the host would refuse fail in the module", async () => {
  const source = moduleOf(`async (r, ctx) => {
    const asks = {
      method: () => ctx.fetch("http://a.example/", { method: "DELETE" }),
      turned: () => {
        let asked = 0;
        const method = { toString: () => asked++ === 0 ? "nothing" : "GET" };
        return ctx.fetch("http://a.example/", { method });
      },
      body: () => ctx.fetch("http://a.example/", { method: "POST", body: "x".repeat(2e6) }),
      headers: () => ctx.fetch("http://a.example/", { headers: { a: "x".repeat(1e4) } }),
      address: () => ctx.fetch("http://a.example/" + "x".repeat(5e3)),
      key: () => ctx.lookup("t", []),
    };
    const refused = [];
    for (const [name, ask] of Object.entries(asks)) await ask().catch(() => refused.push(name));
    return { t: { id: ctx.rowId, a: refused.join(" "), n: 1 } };
  }`);
  const grants = { read: ["t"], net: ["a.example"], secrets: {} };
  const { rows } = await run(source, ["a,n\n1,1\n"], { grants });
  assert.equal(rows[0]?.[1], "method turned body headers address key");
});

Deno.test("JSON Lines, gzip and truncated gzip", async () => {
  const jsonl = moduleOf(PLAIN, "jsonl()");
  const text = '{"a":"x","n":1}\nnot json\n[1]\n{"a":"y","n":2}\n';
  const { counts } = await run(jsonl, [text], { fileName: "f.jsonl" });
  assert.deepEqual(counts, { ...NONE, read: 4, stored: 2, rejected: 2, written: 2 });
  const zipped = new Uint8Array(
    await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")))
      .arrayBuffer(),
  );
  const gzip = await run(jsonl, [zipped], { fileName: "f.jsonl.gz" });
  assert.equal(gzip.counts.stored, 2);
  await assert.rejects(() => run(jsonl, [zipped.slice(0, -9)]), { code: "gzip-truncated" });
  await assert.rejects(() => run(jsonl, [text], { fileName: "f.jsonl.gz" }), {
    code: "gzip-corrupt",
  });
});

Deno.test("of several encodings, the first that fits the whole file is used", async () => {
  const module = moduleOf(PLAIN, 'csv({ encoding: ["utf-8", "windows-1252"] })');
  const rows = "x,1\n".repeat(100_000);
  const old = new Uint8Array([...new TextEncoder().encode(`a,n\n${rows}M`), 0xfc, 0x2c, 0x32]);
  const found = await run(module, [old.slice(0, 100_000), old.slice(100_000)]);
  assert.deepEqual(found.rows.at(-1)?.slice(1), ["Mü", 2]);
  assert.equal(found.counts.stored, 100_001);
  const zipped = new Uint8Array(
    await new Response(new Blob([old]).stream().pipeThrough(new CompressionStream("gzip")))
      .arrayBuffer(),
  );
  assert.deepEqual((await run(module, [zipped])).rows.at(-1)?.slice(1), ["Mü", 2]);
  assert.deepEqual((await run(module, ["a,n\nMü,2\n"])).rows[0]?.slice(1), ["Mü", 2]);
  await assert.rejects(() => run(module, []), { message: /the file is empty/ });
  const neither = run(module, [new Uint8Array([0x61, 0x0a, 0x81])]);
  await assert.rejects(() => neither, { code: "no-encoding-fits", message: /line 2 has/ });
});

Deno.test("a file in UTF-8 that is declared as another encoding fails", async () => {
  const module = moduleOf(PLAIN, 'csv({ encoding: "windows-1252" })');
  await assert.rejects(() => run(module, ["a,n\nMüller,1\n"]), { code: "wrong-encoding" });
});

Deno.test("column names may be anything", async () => {
  const row =
    `(r, ctx) => ({ t: { id: ctx.rowId, a: Object.keys(r).join("|") + r["__proto__"] } })`;
  for (const names of ["__proto__,import(x)", "__proto__,plain", "constructor,__proto__"]) {
    const { rows } = await run(moduleOf(row), [`${names}\n1,2\n`]);
    const value = names.split(",").indexOf("__proto__") + 1;
    assert.equal(rows[0]?.[1], `${names.replace(",", "|")}${value}`);
  }
});

Deno.test("a module's console lines arrive, up to a limit", async () => {
  const { logs } = await run(
    moduleOf("(r) => { for (let i = 0; i < 300; i++) console.log('saw', r.a); }"),
    ["a,n\nx,1\n"],
  );
  assert.equal(logs.length, 200);
  assert.equal(logs[0], "saw x");
});

Deno.test("a reject counts once for each line of its record, also one of an async row", async () => {
  const lines = ["a,n\n", '"x\ny\nz",1\n', '"x\ny"u,1\n', "ok,2\n"];
  for (const row of ["(r, ctx) =>", "async (r, ctx) =>"]) {
    const source = moduleOf(
      `${row} r.n === "1" ? ctx.reject("no") : { t: { id: ctx.rowId, a: r.a, n: r.n } }`,
    );
    const { counts, rejects } = await run(source, lines);
    assert.deepEqual(counts, { ...NONE, read: 6, stored: 1, rejected: 5, written: 1 });
    const weights = new Map(rejects.map(({ line, lines }) => [line, lines]));
    assert.deepEqual([weights.get(2), weights.get(5)], [3, 2]);
  }
});
