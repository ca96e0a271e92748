import { Failure, messageOf } from "../base/failure.ts";
import { steerTo } from "./steering.ts";

/** Where and how to listen, and who answers. */
interface ListenOptions {
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  /** PEM texts; without them plain HTTP. */
  tls?: { cert: string; key: string };
  handler: Deno.ServeHandler<Deno.NetAddr>;
  /** Ends all connections at once. */
  signal: AbortSignal;
}

/**
 * Milliseconds in which clients of the previous certificate's listener finish and connect anew.
 * Connections that are then idle are closed; open requests continue.
 */
const RETIRE_MS = 30_000;

/** Milliseconds in which a listener that was shut down is closed, of which the runtime says nothing. */
const CLOSING_MS = 100;

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
  async renew(tls: { cert: string; key: string }): Promise<void> {
    const { hostname, port } = this.#options;
    const previous = this.#current;
    this.#current = await Listener.open({ ...this.#options, tls }).catch((error) => {
      throw explain(error, `${hostname}:${port}`);
    });
    this.#members.push(this.#current);
    const isSteered = steerTo(this.#members.length - 1);
    // Unsteered, the previous one would go on to receive connections.
    previous.retire(isSteered ? RETIRE_MS : 0, () => this.#close(previous));
  }

  /** Accepts nothing more, and waits for open requests. */
  async shutdown(): Promise<void> {
    await Promise.all(this.#members.map((each) => each.shutdown()));
  }

  #close(listener: Listener): void {
    void listener.shutdown();
    setTimeout(() => {
      const last = this.#members.pop()!;
      if (last !== listener) this.#members[this.#members.indexOf(listener)] = last;
      steerTo(this.#members.indexOf(this.#current));
    }, CLOSING_MS);
  }
}

/** One listening socket with its connections. */
class Listener {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #retiring: ReturnType<typeof setTimeout> | null = null;

  private constructor(
    { hostname, port, tls, handler, signal }: ListenOptions,
    onListen: () => void,
  ) {
    this.#server = Deno.serve(
      { hostname, port, ...tls, reusePort: tls !== undefined, signal, onListen },
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
    await Promise.race([this.#server.shutdown(), this.#server.finished]);
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
