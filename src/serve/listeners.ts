import { Failure, messageOf } from "../base/failure.ts";
import { listening, steerTo } from "./steering.ts";

/** Where and how to listen, and who answers. */
interface ListenOptions {
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  /** PEM texts; without them plain HTTP. */
  tls?: { cert: string; key: string };
  handler: Deno.ServeHandler<Deno.NetAddr>;
  /**
   * Milliseconds in which clients of the previous certificate's listener finish and connect anew.
   * Connections that are then idle are closed; open requests continue. @default 30,000
   */
  retireMs?: number;
}

/** Milliseconds between looks whether a listener is closed, of which the runtime says nothing. */
const CLOSING_MS = 20;

/**
 * The listeners of one address. A renewed certificate gets a listener of its own on the same port
 * (SO_REUSEPORT), which takes all new connections from that moment on; the previous one keeps its
 * connections, and its responses ask clients to connect anew.
 */
export class Listeners {
  /** In the kernel's order: the last one takes the place of one that is closed. */
  readonly #members: Listener[];
  readonly #options: ListenOptions;
  #current: Listener;
  /** What has no listening socket any more, but open requests. */
  readonly #ending = new Set<Promise<void>>();
  /** One change at a time: otherwise the order here would not be the kernel's. */
  #changed: Promise<void> = Promise.resolve();

  private constructor(options: ListenOptions, first: Listener) {
    this.#options = { ...options, port: first.addr.port };
    this.#members = [first];
    this.#current = first;
  }

  /** @throws {Failure} `address-in-use`, `bad-tls` */
  static async open(options: ListenOptions): Promise<Listeners> {
    const { hostname, port, tls } = options;
    try {
      // A port that can be shared would not be found in use.
      if (tls && port !== 0) Deno.listen({ hostname, port }).close();
      return new Listeners(options, await Listener.open(options));
    } catch (error) {
      throw explain(error, `${hostname}:${port}`);
    }
  }

  get addr(): Deno.NetAddr {
    return this.#current.addr;
  }

  /** Serves new connections with another certificate. @throws {Failure} `bad-tls` */
  renew(tls: { cert: string; key: string }): Promise<void> {
    const renewed = this.#changed.then(() => this.#renew(tls));
    this.#changed = renewed.catch(() => {});
    return renewed;
  }

  async #renew(tls: { cert: string; key: string }): Promise<void> {
    const { hostname, port, retireMs = 30_000 } = this.#options;
    const previous = this.#current;
    this.#current = await Listener.open({ ...this.#options, tls }).catch((error) => {
      throw explain(error, `${hostname}:${port}`);
    });
    this.#members.push(this.#current);
    const isSteered = steerTo(this.#members.length - 1);
    // Unsteered, the previous one would go on to receive connections.
    previous.retire(isSteered ? retireMs : 0, () => {
      this.#changed = this.#changed.then(() => this.#close(previous));
    });
  }

  /** Accepts nothing more, and waits for open requests. */
  async shutdown(): Promise<void> {
    await Promise.all([...this.#members.map((each) => each.shutdown()), ...this.#ending]);
    await this.#changed;
  }

  async #close(listener: Listener): Promise<void> {
    const ended = listener.shutdown().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
    while (listening(this.#options.port) === this.#members.length) {
      await new Promise((resolve) => setTimeout(resolve, CLOSING_MS));
    }
    // The kernel moves the last one into the gap.
    const last = this.#members.pop()!;
    if (last !== listener) this.#members[this.#members.indexOf(listener)] = last;
    steerTo(this.#members.indexOf(this.#current));
  }
}

/** One listening socket with its connections. */
class Listener {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #retiring: ReturnType<typeof setTimeout> | null = null;

  private constructor(
    { hostname, port, tls, handler }: ListenOptions,
    onListen: () => void,
  ) {
    this.#server = Deno.serve(
      { hostname, port, ...tls, reusePort: tls !== undefined, onListen },
      async (request, info) => {
        const response = await handler(request, info);
        return this.#retiring === null ? response : closing(response);
      },
    );
  }

  static async open(options: ListenOptions): Promise<Listener> {
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    const listener = new Listener(options, resolve);
    await listening;
    return listener;
  }

  get addr(): Deno.NetAddr {
    return this.#server.addr;
  }

  /** From now on responses close their connections; calls back after `ms`. */
  retire(ms: number, onRetired: () => void): void {
    this.#retiring = setTimeout(onRetired, ms);
  }

  async shutdown(): Promise<void> {
    clearTimeout(this.#retiring ?? undefined);
    await this.#server.shutdown();
  }
}

/** The response, after which the connection is closed (RFC 9112, 9.6). */
function closing(response: Response): Response {
  const closing = new Response(response.body, response);
  closing.headers.set("Connection", "close");
  return closing;
}

function explain(cause: unknown, address: string): unknown {
  if (cause instanceof Deno.errors.AddrInUse) {
    const text = `Cannot listen on "${address}": it is already in use`;
    return new Failure("server", "address-in-use", text, {
      hint: "Stop the other server, or set another address with --listen.",
      cause,
    });
  }
  if (cause instanceof Deno.errors.InvalidData) {
    const text = `Cannot use the TLS certificate or key: ${messageOf(cause)}`;
    return new Failure("server", "bad-tls", text, {
      hint: "Set --tls-cert and --tls-key to a certificate chain and its key, both PEM.",
      cause,
    });
  }
  return cause;
}
