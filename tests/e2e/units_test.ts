import assert from "node:assert/strict";
import { join } from "node:path";
import { binary } from "../harness/binary.ts";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { isMissing, runTool } from "../harness/tools.ts";

/** In tenths of what systemd prints; it calls everything up to 4.9 "OK". */
const MOST_EXPOSED = 26;

Deno.test({
  name: "units: systemd-analyze reports no errors and rates them 2.6 at most",
  ignore: isMissing("systemd-analyze"),
  async fn() {
    const dir = await Deno.makeTempDir();
    const { code, stderr } = await run(["manage", "units", "--out", dir]);
    assert.equal(code, 0, stderr);
    const units = ["mysimbdp-serve.service", "mysimbdp-manage.service"].map((name) =>
      join(dir, name)
    );
    const verified = await runTool("systemd-analyze", ["verify", "--man=no", ...units]);
    assert.equal(verified.code, 0, verified.stderr);
    assert.doesNotMatch(verified.stderr, /mysimbdp/);
    for (const unit of units) {
      const rated = await runTool("systemd-analyze", [
        ...["security", "--offline=true", `--threshold=${MOST_EXPOSED}`, "--no-pager", unit],
      ]);
      assert.match(rated.stdout, /Overall exposure level for mysimbdp-\w+\.service: [0-2]\./);
      assert.equal(rated.code, 0, rated.stdout.split("\n").slice(-3).join("\n"));
      assert.match(await Deno.readTextFile(unit), /^Type=notify$[^]*^WatchdogSec=/m);
      assert.match(await Deno.readTextFile(unit), new RegExp(`^ExecStart=${binary()} `, "m"));
    }
    await Deno.remove(dir, { recursive: true });
  },
});

/** The messages of a service to its service manager. */
class Notifications implements AsyncDisposable {
  readonly path: string;
  readonly heard: string[] = [];
  readonly #socket: Deno.DatagramConn;
  readonly #listening: Promise<void>;
  #wake: (() => void)[] = [];

  constructor(dir: string) {
    this.path = join(dir, `notify-${crypto.randomUUID().slice(0, 8)}`);
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path: this.path });
    this.#listening = this.#listen();
  }

  async until(pattern: RegExp): Promise<void> {
    while (!this.heard.some((message) => pattern.test(message))) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async #listen(): Promise<void> {
    for await (const [bytes] of this.#socket) {
      this.heard.push(new TextDecoder().decode(bytes));
      this.#wake.splice(0).forEach((wake) => wake());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#listening;
  }
}

for (const service of ["serve", "manage"] as const) {
  Deno.test({
    name: `${service} notifies the service manager: ready, watchdog, reload, and stopping`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using platform = await Platform.create();
      await platform.deploy("t1", keepAll());
      await using manager = new Notifications(platform.dir);
      const args = service === "serve" ? ["serve", "--listen", "127.0.0.1:0"] : ["manage"];
      const running = platform.start(args, {
        env: { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "200000" },
      });
      await manager.until(/^READY=1\nSTATUS=(listening on http|loading)/);
      await manager.until(/^WATCHDOG=1$/);
      running.kill("SIGHUP");
      await manager.until(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
      const reloaded = manager.heard.findIndex((message) => message.startsWith("RELOADING"));
      await manager.until(/^WATCHDOG=1$/);
      running.kill("SIGTERM");
      await manager.until(/^STOPPING=1\nSTATUS=.*\nEXTEND_TIMEOUT_USEC=\d+$/);
      assert.equal((await running.ended()).code, 0);
      assert.match(
        manager.heard.slice(reloaded).join(" "),
        /^RELOADING=1\s\S+ (WATCHDOG=1 )*READY=1/,
      );
    },
  });
}
