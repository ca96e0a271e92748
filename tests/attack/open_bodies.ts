import { systemClock } from "../../src/base/clock.ts";

/** A request whose body never ends. */
export interface OpenRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  /** The `Content-Length`. @default 1,000 more than is sent */
  length?: number;
  /** What is sent at once. */
  body?: Uint8Array;
  /** Milliseconds between further bytes, one at a time. @default none follow */
  everyMs?: number;
}

/** Requests whose bodies do not end, on sockets of their own. */
export class OpenBodies implements Disposable {
  readonly #connections: OpenBody[] = [];

  constructor(readonly url: string) {}

  /** Opens a request many times, at once. */
  async open(request: OpenRequest, count = 1): Promise<OpenBody[]> {
    const opened = await Promise.all(
      Array.from({ length: count }, () => OpenBody.open(this.url, request)),
    );
    this.#connections.push(...opened);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** One of them. */
export class OpenBody {
  /** What the server has answered. */
  answer = "";
  /** Whether the server has closed the connection. */
  isClosed = false;
  readonly #connection: Deno.TcpConn;
  readonly #closing = new AbortController();

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(url: string, request: OpenRequest): Promise<OpenBody> {
    const { hostname, port } = new URL(url);
    const open = new OpenBody(await Deno.connect({ hostname, port: Number(port) }));
    void open.#listen();
    void open.#send(request);
    return open;
  }

  /** The status of the answer; null without one. */
  get status(): number | null {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.answer)?.[1]) || null;
  }

  close(): void {
    this.#closing.abort();
    try {
      this.#connection.close();
    } catch {
      // It is closed.
    }
  }

  async #listen(): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      for (let n; (n = await this.#connection.read(buffer)) !== null;) {
        this.answer += new TextDecoder().decode(buffer.subarray(0, n));
      }
    } catch {
      // The server has closed it while we were sending.
    }
    this.isClosed = true;
  }

  async #send(request: OpenRequest): Promise<void> {
    const { method, path, headers = {}, body = new Uint8Array(), everyMs } = request;
    const length = request.length ?? body.length + 1000;
    const lines = Object.entries({ Host: "attacker", "Content-Length": length, ...headers });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    try {
      await this.#write(new TextEncoder().encode(`${method} ${path} HTTP/1.1\r\n${head}\r\n`));
      await this.#write(body);
      while (everyMs !== undefined && !this.isClosed) {
        await systemClock.sleep(everyMs, this.#closing.signal);
        await this.#write(new Uint8Array([97]));
      }
    } catch {
      // The server has ended the request.
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }
}

/** The memory of a process, in MB; Linux only. */
export function memoryOf(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
