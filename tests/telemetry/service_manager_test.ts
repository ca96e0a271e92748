import assert from "node:assert/strict";
import { join } from "node:path";
import { serviceManager } from "../../src/telemetry/service_manager.ts";

const ignore = Deno.build.os !== "linux";

/** A manager's end of the socket. */
class FakeManager implements AsyncDisposable {
  readonly dir = Deno.makeTempDirSync();
  readonly path = join(this.dir, "notify");
  readonly #socket = Deno.listenDatagram({ transport: "unixpacket", path: this.path });

  async heard(): Promise<string[]> {
    const [bytes] = await this.#socket.receive(new Uint8Array(4096));
    return new TextDecoder().decode(bytes).split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await Deno.remove(this.dir, { recursive: true });
  }
}

Deno.test({
  name: "ready, reloading with the machine's clock, ready, stopping with more time",
  ignore,
  async fn() {
    await using fake = new FakeManager();
    const manager = serviceManager((name) => ({ NOTIFY_SOCKET: fake.path })[name]);
    manager.ready("listening");
    assert.deepEqual(await fake.heard(), ["READY=1", "STATUS=listening"]);
    const before = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1e6;
    manager.reloading();
    const [reloading, clock = ""] = await fake.heard();
    assert.equal(reloading, "RELOADING=1");
    const told = Number(/^MONOTONIC_USEC=(\d+)$/.exec(clock)?.[1]);
    assert.ok(told >= before && told < before + 60e6, clock);
    manager.stopping("draining", 60);
    assert.deepEqual(await fake.heard(), [
      "STOPPING=1",
      "STATUS=draining",
      "EXTEND_TIMEOUT_USEC=75000000",
    ]);
    manager.close();
  },
});

Deno.test({
  name: "the watchdog is fed in half its time, but not in another process's name",
  ignore,
  async fn() {
    await using fake = new FakeManager();
    const env = { NOTIFY_SOCKET: fake.path, WATCHDOG_USEC: "20000", WATCHDOG_PID: `${Deno.pid}` };
    const manager = serviceManager((name) => env[name as keyof typeof env]);
    // The timer does not keep a process alive, so the test has to.
    const alive = setInterval(() => {}, 5);
    assert.deepEqual(await fake.heard(), ["WATCHDOG=1"]);
    assert.deepEqual(await fake.heard(), ["WATCHDOG=1"]);
    manager.close();
    clearInterval(alive);

    await using other = new FakeManager();
    const foreign = { ...env, NOTIFY_SOCKET: other.path, WATCHDOG_PID: "1" };
    const quiet = serviceManager((name) => foreign[name as keyof typeof foreign]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    quiet.ready("first");
    assert.deepEqual(await other.heard(), ["READY=1", "STATUS=first"]);
    quiet.close();
  },
});

Deno.test("nobody listens: nothing is said and nothing fails", async () => {
  serviceManager(() => undefined).ready("x");
  const gone = serviceManager((name) =>
    name === "NOTIFY_SOCKET" ? "/nonexistent/notify" : undefined
  );
  gone.ready("x");
  gone.close();
  await new Promise((resolve) => setTimeout(resolve, 10));
});
