import assert from "node:assert/strict";
import { binary } from "../harness/binary.ts";
import { Platform } from "../harness/platform.ts";
import { Running } from "../harness/process.ts";
import { isMissing } from "../harness/tools.ts";
import { pause, until } from "../harness/until.ts";

const ignore = Deno.build.os !== "linux";

/** Waits until the process handles a signal, by its number, as /proc says. */
async function handles(process: Running, signal: number): Promise<void> {
  await until("the signal is handled", () => {
    const status = Deno.readTextFileSync(`/proc/${process.pid}/status`);
    const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
    return (BigInt(`0x${caught}`) & (1n << BigInt(signal - 1))) !== 0n;
  });
}

/**
 * Waits until a process has worked a little more. The runtime takes all signals from the system when the
 * program listens to the first one; a signal that comes before the program listens to its own is as early
 * as one before the start.
 */
async function goesOn(process: Running): Promise<void> {
  const ticks = () => {
    const stat = Deno.readTextFileSync(`/proc/${process.pid}/stat`);
    const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
    return Number(user) + Number(system);
  };
  const before = ticks();
  await until("it goes on", () => ticks() > before + 1);
}

const SIGHUP = 1;
const SIGTERM = 15;

/** A `serve` that needs two seconds until it listens. */
function slowServe(platform: Platform): Running {
  const slow = ["-e", "trace=bind", "-e", "inject=bind:delay_enter=2000000"];
  const command = ["serve", "--listen", "127.0.0.1:0", "--data", platform.data];
  const traced = ["-D", "-f", "-qq", "-o", "/dev/null", ...slow, binary(), ...command];
  return platform.own(new Running(traced, {}, "strace"));
}

/** A `manage` whose start waits for a storage that does not answer. */
async function slowManage(platform: Platform): Promise<Running> {
  const manage = platform.manage("--storage", "cassandra://a:b@127.0.0.1:1?datacenter=dc1");
  await manage.line(/"storage\.waiting"/);
  return manage;
}

Deno.test({
  name: "SIGHUP does not end serve from its first moment on, and is applied once it listens",
  ignore,
  async fn() {
    await using platform = await Platform.create();
    const process = platform.start(["serve", "--listen", "127.0.0.1:0"]);
    await handles(process, SIGHUP);
    assert.equal(process.stderr.text, "", "it is handled before anything else happens");
    while (!process.stdout.text.includes("listening on")) {
      assert.equal(process.hasEnded, false, process.transcript());
      process.kill("SIGHUP");
      await pause(1);
    }
    await process.line(/"config\.reloaded"/);
    const events = process.records().map(({ event }) => event);
    assert.ok(events.indexOf("server.started") < events.indexOf("config.reloaded"), `${events}`);
    assert.equal((await process.stop()).code, 0, process.transcript());
  },
});

Deno.test({
  name:
    "signals while serve is starting: SIGHUP is applied once it listens, SIGTERM ends it with 0",
  ignore: ignore || isMissing("strace"),
  async fn() {
    await using platform = await Platform.create();
    for (const signal of ["SIGHUP", "SIGTERM"] as const) {
      const process = slowServe(platform);
      await pause(1000);
      for (let count = 0; count < 50; count++) process.kill("SIGHUP");
      if (signal === "SIGHUP") await process.line(/"config\.reloaded"/);
      const { code, signal: killedBy } = await process.stop("SIGTERM");
      assert.deepEqual([code, killedBy], [0, null], process.transcript());
    }
  },
});

Deno.test({
  name: "SIGTERM and SIGINT end serve and manage with 0 from their first moment on",
  ignore,
  async fn() {
    await using platform = await Platform.create();
    for (const args of [["serve", "--listen", "127.0.0.1:0"], ["manage"]]) {
      for (const signal of ["SIGTERM", "SIGINT"] as const) {
        const process = platform.start(args);
        await handles(process, SIGTERM);
        assert.equal(process.stderr.text, "", "it is handled before anything else happens");
        await goesOn(process);
        const { code, signal: killedBy } = await process.stop(signal);
        assert.deepEqual([code, killedBy], [0, null], process.transcript());
      }
    }
  },
});

Deno.test({
  name: "signals while manage is starting: SIGHUP waits, SIGTERM ends it with 0",
  ignore,
  async fn() {
    await using platform = await Platform.create();
    const manage = await slowManage(platform);
    for (let count = 0; count < 50; count++) manage.kill("SIGHUP");
    await pause(300);
    assert.equal(manage.hasEnded, false, manage.transcript());
    const { code, signal } = await manage.stop("SIGTERM");
    assert.deepEqual([code, signal], [0, null], manage.transcript());
  },
});

Deno.test({
  name: "SIGHUP does not end a serve that is stopping",
  ignore,
  async fn() {
    await using platform = await Platform.create();
    await platform.seedAccounts();
    const { url, process } = await platform.serve();
    // An upload that is still being sent keeps the server stopping for seconds.
    using connection = await Deno.connect({ port: Number(new URL(url).port) });
    const head = [
      "POST /v1/uploads HTTP/1.1",
      "Host: localhost",
      `Authorization: Basic ${btoa("customer-1:password-1")}`,
      "Tus-Resumable: 1.0.0",
      "Content-Type: application/offset+octet-stream",
      `Upload-Metadata: filename ${btoa("a.csv")}`,
      "Upload-Length: 1000",
      "Content-Length: 1000",
    ];
    await connection.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\nx\n`));
    await pause(500);
    process.kill("SIGTERM");
    await process.line(/"server\.stopping"/);
    process.kill("SIGHUP");
    assert.deepEqual({ ...await process.ended() }, { success: true, code: 0, signal: null });
  },
});
