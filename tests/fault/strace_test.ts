import assert from "node:assert/strict";
import { join } from "node:path";
import { binary } from "../harness/binary.ts";
import { noise } from "../harness/chance.ts";
import { Platform } from "../harness/platform.ts";
import { childrenOf, isAlive, Running } from "../harness/process.ts";
import { asCustomer, type Customer, upload } from "../harness/tus.ts";
import { until } from "../harness/until.ts";

const CALLS = "fsync,fdatasync,rename,renameat,renameat2,link,linkat,write,writev,sendto,sendmsg";
const hasStrace = await works("strace", ["-V"]);
if (!hasStrace) console.log("the order of system calls is not tested: strace is not installed");

async function works(program: string, args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

/** A successful system call: its text, and the lines of the trace where it began and ended. */
interface Call {
  text: string;
  began: number;
  ended: number;
}

/** Joins calls that strace shows in two parts because another thread ran in between. */
function callsOf(trace: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, { text: string; began: number }>();
  for (const [n, line] of trace.split("\n").entries()) {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const half = /^(.*) <unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (half) open.set(pid, { text: half[1] ?? "", began: n });
    else if (resumed) {
      const { text, began } = open.get(pid) ?? { text: "", began: n };
      calls.push({ text: text + (resumed[1] ?? ""), began, ended: n });
    } else if (rest) calls.push({ text: rest, began: n, ended: n });
  }
  return calls.filter(({ text }) => !/ = -1 /.test(text)).sort((a, b) => a.began - b.began);
}

/** Finds the steps in a trace; each must begin after the previous one has ended. */
function assertOrder(calls: Call[], steps: [string, RegExp][]): void {
  let from = -1;
  for (const [what, pattern] of steps) {
    const found = calls.find(({ began, text }) => began > from && pattern.test(text));
    assert.ok(found, `${what} does not follow:\n${excerpt(calls)}`);
    from = found.ended;
  }
}

function excerpt(calls: Call[]): string {
  return calls.map(({ text }) => text.slice(0, 200)).filter((text) =>
    /staging|uploads|HTTP/.test(text)
  ).join("\n");
}

/** The steps of a file: its bytes are durable before its name, and both before the response. */
function steps(tenant: string, id: string, status: number): [string, RegExp][] {
  const staging = `staging/${tenant}`;
  return [
    ["fsync of the file", new RegExp(`^f(data)?sync\\(\\d+<[^>]*/uploads/${id}>`)],
    [
      "link or rename into staging",
      new RegExp(`^(link|rename)(at2?)?\\(.*/uploads/${id}".*/${staging}/${id}"`),
    ],
    ["fsync of the folder", new RegExp(`^fsync\\(\\d+<[^>]*/${staging}>`)],
    ["the answer", new RegExp(`^(write|writev|sendto|sendmsg)\\(.*HTTP/1\\.1 ${status} `)],
  ];
}

async function create(customer: Customer, length: number): Promise<string> {
  const answer = await asCustomer(customer, "/v1/uploads", {
    method: "POST",
    headers: {
      "Tus-Resumable": "1.0.0",
      "Upload-Length": String(length),
      "Upload-Metadata": `filename ${btoa("pieces.csv")}`,
    },
  });
  await answer.body?.cancel();
  return answer.headers.get("Location") ?? "";
}

async function append(
  customer: Customer,
  path: string,
  at: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const answer = await asCustomer(customer, new URL(path, customer.url).pathname, {
    method: "PATCH",
    headers: {
      "Tus-Resumable": "1.0.0",
      "Upload-Offset": String(at),
      "Content-Type": "application/offset+octet-stream",
    },
    body: bytes,
  });
  await answer.body?.cancel();
  return answer;
}

Deno.test({
  name: "strace of uploads: fsync(file), link or rename, fsync(folder), then the 2xx",
  ignore: !hasStrace,
  async fn() {
    await using platform = await Platform.create();
    await platform.seedAccounts();
    const output = join(platform.dir, "trace");
    const serve = ["serve", "--listen", "127.0.0.1:0", "--data", platform.data];
    const args = ["-f", "-y", "-s", "64", "-e", `trace=${CALLS}`, "-o", output, binary(), ...serve];
    const tracer = platform.own(new Running(args, {}, "strace"));
    const line = await tracer.line(/^listening on /);
    const [server = 0] = childrenOf(tracer.pid);
    try {
      const url = line.replace("listening on ", "").trim();
      const customer = { url, user: "customer-1", password: "password-1" };
      const whole = await upload(customer, "whole.csv", noise(300_000));
      assert.equal(whole.status, 201);
      const bytes = noise(3_000_000);
      const path = await create(customer, bytes.length);
      assert.equal((await append(customer, path, 0, bytes.slice(0, 1_000_000))).status, 204);
      const last = await append(customer, path, 1_000_000, bytes.slice(1_000_000));
      assert.equal(last.status, 204);
      Deno.kill(server, "SIGTERM");
      await tracer.ended();
      const calls = callsOf(await Deno.readTextFile(output));
      for (const answer of [whole, last]) {
        const id = answer.headers.get("Mysimbdp-File-Id") ?? "";
        assert.notEqual(id, "");
        assertOrder(calls, steps("customer-1", id, answer.status));
      }
    } finally {
      // Killing the tracer does not end the traced process.
      if (isAlive(server)) Deno.kill(server, "SIGKILL");
      await until("the server has ended", () => !isAlive(server));
    }
  },
});
