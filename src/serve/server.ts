import type { Hono } from "hono";
import type { Intake } from "../staging/intake.ts";
import { closeAfterChunks } from "./http/framing.ts";
import { requestFailed } from "./http/problem_response.ts";
import { type Arrival, arrivals } from "./http/arrival.ts";
import type { AppEnv } from "./http/env.ts";
import type { Emit } from "../telemetry/events.ts";
import { Listeners } from "./listeners.ts";

/** Where and how the server listens. */
export interface ServerOptions {
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  /** PEM texts; without them the server uses plain HTTP. */
  tls?: { cert: string; key: string };
  app: Hono<AppEnv>;
  intake: Intake;
  /** Finds out how a request reached the server. @default believes no proxy */
  arrival?: (request: Request, peer: string) => Arrival;
  /** Receives events for the log. @default none */
  emit?: Emit;
  /** Milliseconds between checks for expired uploads. @default 60,000 */
  sweepMs?: number;
  /** Milliseconds that open requests have to end at shutdown. @default 10,000 */
  drainMs?: number;
}

/** A running server. */
export interface RunningServer {
  addr: { hostname: string; port: number };
  /**
   * Serves new connections with another certificate; open connections continue.
   * @throws {Failure} `bad-tls`
   */
  renew(tls: { cert: string; key: string }): Promise<void>;
  /**
   * Accepts no new connections, waits for open requests, then interrupts those that are still sending
   * (the received bytes are kept, so these uploads can be resumed), and closes the intake.
   */
  shutdown(): Promise<void>;
}

/**
 * Starts the server. The app ends bodies that stall. Closing connections that never send a whole
 * request head is left to a proxy in front.
 *
 * @throws {Failure} `address-in-use`, `bad-tls`
 *
 * @example
 * ```ts ignore
 * const server = await startServer({ hostname: "127.0.0.1", port: 8080, app, intake });
 * await server.shutdown();
 * ```
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { hostname, port, tls, app, intake, arrival = arrivals({}), drainMs = 10_000 } = options;
  const server = await Listeners.open({
    hostname,
    port,
    ...(tls && { tls }),
    handler: async (request, { remoteAddr }) => {
      const response = await app.fetch(request, { ...arrival(request, remoteAddr.hostname) });
      return closeAfterChunks(request, closeIfAsked(response));
    },
  });
  const timer = setInterval(() => void sweep(options), options.sweepMs ?? 60_000);
  let stopped: Promise<void> | null = null;
  return {
    addr: { hostname: server.addr.hostname, port: server.addr.port },
    renew: (renewed) => server.renew(renewed),
    shutdown: () => stopped ??= stop(),
  };

  async function stop(): Promise<void> {
    clearInterval(timer);
    const interrupt = setTimeout(() => void intake.uploads.interruptAll(), drainMs);
    const { promise: tooLate, resolve } = Promise.withResolvers<void>();
    const end = setTimeout(resolve, drainMs + FORCE_AFTER_MS);
    // What is still open, such as a client that does not read its answer, ends with the process.
    await Promise.race([server.shutdown(), tooLate]);
    clearTimeout(interrupt);
    clearTimeout(end);
    intake.close();
  }
}

// Milliseconds for interrupted requests to answer.
const FORCE_AFTER_MS = 2000;

/**
 * After a request whose body was not fully read, Deno keeps the connection open until the client
 * closes it. A response that fails after its last byte closes it at once.
 */
function closeIfAsked(response: Response): Response {
  if (response.headers.get("Connection") !== "close" || !response.body) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      // Failing at once would lose the bytes that are still being sent.
      await new Promise((resolve) => setTimeout(resolve, 50));
      controller.error(new Error("The connection is closed"));
    },
  });
  return new Response(body, response);
}

async function sweep({ intake, emit }: ServerOptions): Promise<void> {
  try {
    const uploads = await intake.expire();
    if (uploads > 0) emit?.({ kind: "uploads.expired", uploads });
    emit?.({ kind: "problem.ended", problem: "request.failed", key: "- sweep" });
  } catch (error) {
    emit?.(requestFailed("-", "sweep", error));
  }
}
