/**
 * A TCP proxy that cuts connections: the nth connection is closed after
 * `cuts[n]` bytes from the client; later ones are not cut.
 */
export class FlakyProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #done: Promise<void>;
  connections = 0;

  constructor(readonly target: number, readonly cuts: number[]) {
    this.#done = this.#accept();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of [...this.#open]) this.#close(connection);
    await this.#done;
  }

  async #accept(): Promise<void> {
    const pipes: Promise<void>[] = [];
    for await (const client of this.#listener) {
      const limit = this.cuts[this.connections++] ?? Infinity;
      pipes.push(this.#connect(client, limit));
    }
    await Promise.all(pipes);
  }

  async #connect(client: Deno.TcpConn, limit: number): Promise<void> {
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
    this.#open.add(client).add(server);
    await Promise.all([this.#pump(client, server, limit), this.#pump(server, client, Infinity)]);
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn, limit: number): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    let left = limit;
    try {
      while (left > 0) {
        const count = await from.read(buffer);
        if (count === null) break;
        for (let rest = buffer.subarray(0, Math.min(count, left)); rest.length > 0;) {
          rest = rest.subarray(await to.write(rest));
        }
        left -= count;
      }
    } catch {
      // The other direction has closed the connection.
    }
    this.#close(from);
    this.#close(to);
  }

  #close(connection: Deno.TcpConn): void {
    if (this.#open.delete(connection)) connection.close();
  }
}
