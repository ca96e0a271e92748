import { join } from "node:path";

/** Whoever started the service and watches it: systemd, or nobody. */
export interface ServiceManager {
  /** The service works; `status` is one line for `systemctl status`. */
  ready(status: string): void;
  /** It takes new settings; {@link ServiceManager.ready} says that it has. */
  reloading(): void;
  /** It ends, and takes up to `seconds` for it, which the manager shall wait. */
  stopping(status: string, seconds: number): void;
  close(): void;
}

/**
 * Speaks sd_notify(3) with the manager that `NOTIFY_SOCKET` names, and feeds its watchdog where it
 * asks for that (`WATCHDOG_USEC`): from the main loop, so that a loop which hangs feeds nothing.
 * Without such a manager nothing is said.
 *
 * @example
 * ```ts ignore
 * const manager = serviceManager();
 * manager.ready("listening on http://127.0.0.1:8080");
 * ```
 */
export function serviceManager(
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): ServiceManager {
  const path = env("NOTIFY_SOCKET");
  // Abstract sockets, which begin with "@", cannot be named by the runtime; systemd uses a path.
  if (!path?.startsWith("/") || Deno.build.os !== "linux") return NOBODY;
  const socket = new NotifySocket(path);
  const watchdog = watchdogMs(env);
  const timer = watchdog === null
    ? undefined
    : setInterval(() => socket.say("WATCHDOG=1"), watchdog / 2);
  if (timer !== undefined) Deno.unrefTimer(timer);
  return {
    ready: (status) => socket.say("READY=1", `STATUS=${status}`),
    reloading: () => socket.say("RELOADING=1", `MONOTONIC_USEC=${monotonicMicroseconds()}`),
    stopping: (status, seconds) =>
      socket.say(
        "STOPPING=1",
        `STATUS=${status}`,
        `EXTEND_TIMEOUT_USEC=${(seconds + GRACE_SECONDS) * 1e6}`,
      ),
    close() {
      clearInterval(timer);
      socket.close();
    },
  };
}

// What closing takes behind a drain.
const GRACE_SECONDS = 15;

const NOBODY: ServiceManager = { ready() {}, reloading() {}, stopping() {}, close() {} };

/** Milliseconds within which the watchdog wants to hear something; null where there is none. */
function watchdogMs(env: (name: string) => string | undefined): number | null {
  const microseconds = Number(env("WATCHDOG_USEC"));
  const pid = env("WATCHDOG_PID");
  if (!(microseconds > 0) || (pid !== undefined && Number(pid) !== Deno.pid)) return null;
  return microseconds / 1000;
}

/**
 * Not before the true time of the machine's monotonic clock: a manager takes an earlier one for an
 * answer to an older question. The kernel tells it in hundredths of a second, cut off.
 */
function monotonicMicroseconds(): number {
  const [seconds = "0"] = Deno.readTextFileSync("/proc/uptime").split(" ");
  return Math.round((Number(seconds) + 0.01) * 1e6);
}

class NotifySocket {
  readonly #to: Deno.UnixAddr;
  readonly #folder: string;
  readonly #socket: Deno.DatagramConn;
  /** Messages go one after another, and the end waits for none of them. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#to = { transport: "unixpacket", path };
    // The runtime sends only from a socket that has a name of its own.
    this.#folder = Deno.makeTempDirSync({ prefix: "mysimbdp-" });
    this.#socket = Deno.listenDatagram({
      transport: "unixpacket",
      path: join(this.#folder, "notify"),
    });
  }

  say(...lines: string[]): void {
    const message = new TextEncoder().encode(lines.join("\n"));
    // A manager that has gone is no reason to fail.
    this.#last = this.#last.then(() => this.#socket.send(message, this.#to)).catch(() => {});
  }

  close(): void {
    void this.#last.finally(() => {
      this.#socket.close();
      Deno.removeSync(this.#folder, { recursive: true });
    });
  }
}
