/** A TCP proxy that can cut its connections. */
export class Passage implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;
  #refuses = false;
  cuts = 0;

  private constructor(hostname: string, target: string) {
    this.#listener = Deno.listen({ hostname, port: 0 });
    this.#serving = this.#serve(target);
  }

  /**
   * @param hostname where it listens, on any free port
   * @param target host and port to connect to
   */
  static open(hostname: string, target: string): Promise<Passage> {
    return Promise.resolve(new Passage(hostname, target));
  }

  get address(): string {
    return `${this.#listener.addr.hostname}:${this.port}`;
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  cut(): void {
    for (const connection of this.#open) {
      connection.close();
      this.cuts++;
    }
    this.#open.clear();
  }

  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  async #serve(target: string): Promise<void> {
    for await (const near of this.#listener) {
      if (this.#refuses) {
        near.close();
        continue;
      }
      const { hostname, port } = new URL(`tcp://${target}`);
      const far = await Deno.connect({ hostname, port: Number(port) });
      this.#open.add(near);
      const over = () => {
        for (const connection of [near, far]) {
          try {
            connection.close();
          } catch {
            // The other direction has closed it.
          }
        }
        this.#open.delete(near);
      };
      near.readable.pipeTo(far.writable).catch(() => {}).finally(over);
      far.readable.pipeTo(near.writable).catch(() => {}).finally(over);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#serving;
  }
}
