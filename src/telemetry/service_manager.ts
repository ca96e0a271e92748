import { join } from "node:path";

/** The process that started the service and supervises it: systemd or none. */
interface ServiceManager {
  /** Reports that the service is ready; `status` is one line for `systemctl status`. */
  ready(status: string): void;
  /** Reports the start of a reload, whose end is {@link ServiceManager.ready}. */
  reloading(): void;
  /** Reports that the service is stopping and needs up to `seconds`. */
  stopping(status: string, seconds: number): void;
  close(): void;
}

/**
 * Connects to the manager that `NOTIFY_SOCKET` names, by sd_notify(3). If `WATCHDOG_USEC` is set,
 * the watchdog is notified from the main loop, so a hanging loop is noticed. Without a manager all
 * calls do nothing.
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
  // The runtime cannot connect to abstract sockets ("@"); systemd uses a path.
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

// For closing everything after the drain.
const GRACE_SECONDS = 15;

const NOBODY: ServiceManager = { ready() {}, reloading() {}, stopping() {}, close() {} };

/** The watchdog's interval in milliseconds; null without a watchdog for this process. */
function watchdogMs(env: (name: string) => string | undefined): number | null {
  const microseconds = Number(env("WATCHDOG_USEC"));
  const pid = env("WATCHDOG_PID");
  if (!(microseconds > 0) || (pid !== undefined && Number(pid) !== Deno.pid)) return null;
  return microseconds / 1000;
}

/**
 * The monotonic clock in microseconds, never earlier than the real one: systemd would take an earlier
 * time for the answer to an older request. The kernel truncates to hundredths of a second.
 */
function monotonicMicroseconds(): number {
  const [seconds = "0"] = Deno.readTextFileSync("/proc/uptime").split(" ");
  return Math.round((Number(seconds) + 0.01) * 1e6);
}

class NotifySocket {
  readonly #to: Deno.UnixAddr;
  readonly #folder: string;
  readonly #socket: Deno.DatagramConn;
  /** Messages are sent one after another; callers do not wait. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#to = { transport: "unixpacket", path };
    // The runtime can send only from a socket with a path.
    this.#folder = Deno.makeTempDirSync({ prefix: "mysimbdp-" });
    this.#socket = Deno.listenDatagram({
      transport: "unixpacket",
      path: join(this.#folder, "notify"),
    });
  }

  say(...lines: string[]): void {
    const message = new TextEncoder().encode(lines.join("\n"));
    // A manager that is gone is no reason to fail.
    this.#last = this.#last.then(() => this.#socket.send(message, this.#to)).catch(() => {});
  }

  close(): void {
    void this.#last.finally(() => {
      this.#socket.close();
      Deno.removeSync(this.#folder, { recursive: true });
    });
  }
}
