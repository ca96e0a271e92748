import assert from "node:assert/strict";
import type { HttpRequest } from "../../src/sandbox/wire/host_messages.ts";
import { Sandbox } from "../../src/sandbox/host/sandbox.ts";
import { MODULE_API_MARK } from "../../src/sandbox/wire/module_api.ts";
import { parseDeclaration } from "../../src/sandbox/wire/declaration.ts";

const LIMITS = { memoryBytes: 512 * 1024 ** 2, seconds: 600 };
const HEADERS = { "content-type": "application/json", etag: '"1"' };

/**
 * Runs a module that prints these expressions, in which `send(path, init)` is a request.
 *
 * @param isOld runs it as if it had been bundled before `ctx.fetch` answered like `Response`
 */
async function printed(
  expressions: string[],
  isOld = false,
): Promise<{ lines: string[]; requests: HttpRequest[] }> {
  const source = `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: "*",
  format: csv(),
  tables: { t: { columns: { id: "uuid" }, partitionKey: ["id"] } },
  async row(record, ctx) {
    const send = (path, init) => ctx.fetch("https://api.example.com/" + path, init);
${
    expressions.map((each) =>
      `try { console.log(${each}); } catch (error) { console.log(error.message); }`
    ).join("\n")
  }
  },
});`;
  const bundled = await Sandbox.spawn().bundle("ingest.ts", { "ingest.ts": source }, LIMITS);
  const script = isOld ? bundled.replace(MODULE_API_MARK, "") : bundled;
  const lines: string[] = [];
  const requests: HttpRequest[] = [];
  await Sandbox.spawn().ingest({
    script,
    fileName: "f.csv",
    sha256: "0".repeat(64),
    ...parseDeclaration(await Sandbox.spawn().describe(script, LIMITS)),
    open: () => ReadableStream.from([new TextEncoder().encode("a\n1\n")]),
    limits: LIMITS,
    grants: { read: [], net: ["api.example.com"], secrets: {} },
    maxRecordChars: 1024,
    maxInputBytes: 1024,
    maxWholeBytes: 1024,
  }, {
    batch: () => Promise.resolve(),
    rejects: () => Promise.resolve(),
    log: (text) => lines.push(text),
    answer: ({ fetches }) => {
      requests.push(...fetches);
      return Promise.resolve({ lookups: [], fetches: fetches.map(answerTo) });
    },
  });
  return { lines, requests };
}

function answerTo({ url }: HttpRequest) {
  const isMissing = url.endsWith("/missing");
  return {
    status: isMissing ? 404 : 200,
    headers: HEADERS,
    text: isMissing ? "<html>" : '{"rate":1.5}',
  };
}

Deno.test("ctx.fetch answers like Response", async () => {
  const expected: Record<string, string> = {
    "(await (await send('rate')).json()).rate": "1.5",
    "await (await send('rate')).text()": '{"rate":1.5}',
    "await (await send('missing')).json().catch((error) => error.name)": "SyntaxError",
    "(({ status, ok, url }) => [status, ok, url].join())(await send('rate'))":
      "200,true,https://api.example.com/rate",
    "(({ status, ok }) => [status, ok].join())(await send('missing'))": "404,false",
    "(await send('rate')).headers.get('Content-Type')": "application/json",
    "(await send('rate')).headers.get('constructor')": "null",
    "(await send('rate')).headers.has('ETag')": "true",
    "JSON.stringify([...(await send('rate')).headers])": JSON.stringify(Object.entries(HEADERS)),
    // Unlike in the standard, the body can be read again and without its object.
    "await (({ text }) => text().then(text))(await send('rate'))": '{"rate":1.5}',
    "[await send('rate')].every((answer) => Object.isFrozen(answer) && Object.isFrozen(answer.text) && Object.isFrozen(answer.headers.get))":
      "true",
    // As modules were written at first.
    "(await send('rate')).headers['etag']": '"1"',
    "JSON.parse((await send('rate')).text).rate":
      "ctx.fetch: text is a method; write `await answer.text()`",
  };
  const { lines } = await printed(Object.keys(expected));
  assert.deepEqual(
    Object.fromEntries(Object.keys(expected).map((key, i) => [key, lines[i]])),
    expected,
  );
});

Deno.test("ctx.fetch takes a method, headers and a body like fetch", async () => {
  const { requests, lines } = await printed([
    "(await send('a', { method: 'post', headers: new Map([['x-a', 1]]), body: 'b' })).ok",
    "(await send('b', { headers: [['x-a', 'b']], body: null })).ok",
    "(await send('c', { headers: { 'x-a': 'b' } })).ok",
    "(await send('d', { method: 'DELETE' })).ok",
    "(await send('e', { headers: 'x' })).ok",
  ]);
  const url = (path: string) => `https://api.example.com/${path}`;
  assert.deepEqual(requests, [
    { url: url("a"), method: "POST", headers: { "x-a": "1" }, body: "b" },
    { url: url("b"), method: "GET", headers: { "x-a": "b" }, body: null },
    { url: url("c"), method: "GET", headers: { "x-a": "b" }, body: null },
  ]);
  assert.deepEqual(lines.slice(3), [
    "fetch: the method must be one of GET, HEAD, POST, PUT",
    "fetch: headers must be an object or a list of pairs",
  ]);
});

Deno.test("a version that was built earlier keeps the answer it was written for", async () => {
  const { lines } = await printed(["JSON.parse((await send('rate')).text).rate"], true);
  assert.deepEqual(lines, ["1.5"]);
});
