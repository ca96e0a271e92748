import assert from "node:assert/strict";
import { join } from "node:path";
import { basic, Customers, PASSWORD } from "./customers.ts";
import { staysAwake } from "./awake.ts";
import type { ModuleFiles } from "../harness/modules.ts";

const MIB = 1024 ** 2;
/** Different texts that have few lines in common, so that comparing them takes long. */
function hardToCompare(seed: number): ModuleFiles {
  let state = seed;
  const next = () => state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
  const text = () => Array.from({ length: 9_000 }, () => `x${next() % 300};\n`).join("");
  return Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`file-${n}.ts`, text()]));
}

/** 22 MB: 199 sources, and a WebAssembly file of 16 MiB. */
function largest(): ModuleFiles {
  const wasm = new Uint8Array(16 * MIB);
  for (let at = 0; at < wasm.length; at += 65_536) {
    crypto.getRandomValues(wasm.subarray(at, at + 65_536));
  }
  const text = 'const x = "\\\\ é …";\n'.repeat(400);
  const sources = Array.from({ length: 198 }, (_, n) => [`f/${n}.ts`, `// ${n}\n${text}`]);
  const files = { "tenant.json": "{}", "a.wasm": wasm.toBase64() };
  return { ...files, ...Object.fromEntries(sources) };
}

/** Requests a path. Reading the answer costs little, as the attacker is on the same machine. */
async function get(url: string, path: string, authorization: string): Promise<void> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
    `Authorization: ${authorization}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  const buffer = new Uint8Array(1024 * 1024);
  while (await connection.read(buffer) !== null);
}

/** Sends requests, several at a time, until `stop` aborts. */
async function flood(
  stop: AbortSignal,
  concurrent: number,
  send: (n: number) => Promise<void>,
): Promise<void> {
  let sent = 0;
  const one = async () => {
    while (!stop.aborted) await send(sent++);
  };
  await Promise.all(Array.from({ length: concurrent }, one));
}

Deno.test("large versions that are read and compared again and again leave serve awake", async (t) => {
  await using customers = await Customers.open("", "t1", "t2");
  const { server, platform, password } = customers;
  const hard = [hardToCompare(1), hardToCompare(2), hardToCompare(3)];
  const versions: string[] = [];
  for (const files of [...hard, largest()]) {
    versions.push((await customers.submit("t1", files)).version);
  }
  const [first = "", second = "", third = "", large = ""] = versions;
  // Nothing runs it: it is only compared with.
  await Deno.symlink(first, join(platform.data, "tenants/t1/current"));
  const { url } = server;
  const [own, operator] = [basic("t1", PASSWORD), basic("admin", password)];
  const awake = { url, authorization: basic("t2", PASSWORD), seconds: 5 };
  const admin = (version: string) => `/v1/admin/tenants/t1/module/${version}`;

  await t.step("reviews of 20 files that are hard to compare", async () => {
    await staysAwake({
      ...awake,
      attack: async (stop) => {
        const paths = [second, third].flatMap((one) => [admin(one), `${admin(one)}/changes`]);
        await flood(stop, 4, (n) => get(url, paths[n % paths.length]!, operator));
      },
    });
  });
  await t.step("a version of 22 MB", async () => {
    await staysAwake({
      ...awake,
      attack: (stop) => flood(stop, 2, () => get(url, `/v1/module/${large}`, own)),
    });
  });
  await t.step("clients that read nothing of a version of 22 MB cost no memory", async () => {
    const { hostname, port } = new URL(url);
    const head = `GET /v1/module/${large} HTTP/1.1\r\nHost: x\r\nAuthorization: ${own}\r\n\r\n`;
    const before = rssMb(server.process.pid);
    const connections: Deno.TcpConn[] = [];
    for (let n = 0; n < 30; n++) {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(new TextEncoder().encode(head));
      connections.push(connection);
    }
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const after = rssMb(server.process.pid);
    for (const connection of connections) connection.close();
    assert.ok(after - before < 200, `${before} MB before, ${after} MB after`);
  });
  await t.step("the answers have everything", async () => {
    const review = await customers.review("t1", second);
    assert.deepEqual(review.files, hard[1]);
    const { files } = await customers.ask<{ files: ModuleFiles }>("t1", `/v1/module/${large}`);
    assert.deepEqual(Object.keys(files).length, 200);
    // Page by page it is the same as in one piece.
    let pages = "";
    for (let page = 1, last = 1; page <= last; page++) {
      const answer = await customers.asOperator(`${admin(second)}/changes?page=${page}`);
      const { lines, pages: all, startsWithin } = JSON.parse(answer.text);
      const texts = lines.map(({ text }: { text: string }) => text).join("\n");
      pages += `${page > 1 && !startsWithin ? "\n" : ""}${texts}`;
      last = all;
    }
    assert.equal(`${pages}\n`, review.diff);
  });
});

function rssMb(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) / 1024);
}
