import { type Frame, framesOf, NEWEST_PROTOCOL, type Operation } from "./cql_frames.ts";
import { until } from "./until.ts";

/** The driver's query for the other nodes, and one that finds none. */
const PEERS = "SELECT * FROM system.peers";
const NO_PEERS = `${PEERS} WHERE peer = '192.0.2.1'`;

/** A request on its way to the node. */
export interface CqlRequest {
  operation: Operation;
  /** The statement; of EXECUTE the one with its id, of BATCH the first one; "" of other requests. */
  cql: string;
}

/**
 * What becomes of a request. The node executes it (`after`) or not (`before`), and
 *
 * - `silent`: there is no answer;
 * - `timeout`: the answer is at once that of a node that does not know whether it was executed;
 * - `cut`: the connection ends.
 */
export type Fate = `${"silent" | "timeout" | "cut"} ${"before" | "after"}`;

/** The requests that {@link CqlProxy.lose} chose. */
export interface Lost {
  /** How many were lost. */
  readonly count: number;
  /** Resolves when the last one is lost. */
  all(): Promise<unknown>;
}

interface Rule {
  matches: (request: CqlRequest) => boolean;
  fate: Fate;
  times: number;
  count: number;
}

/**
 * A proxy in front of one node, without TLS. Its clients see only this node, as if it were the whole
 * cluster. It counts requests and logins, and can lose single answers.
 *
 * ```ts ignore
 * await using proxy = new CqlProxy("127.0.0.1:9042");
 * const url = storageUrl({ ...await testCluster(), hosts: [proxy.address] }, newNamespace());
 * const lost = proxy.lose(({ cql }) => cql.includes("IF NOT EXISTS"), "timeout after");
 * ```
 */
export class CqlProxy implements AsyncDisposable {
  /** Where clients connect. */
  readonly address: string;
  readonly #node: { hostname: string; port: number };
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.Conn>();
  /** Statements by the ids that the node gave them. */
  readonly #prepared = new Map<string, string>();
  readonly #counts = new Map<Operation, number>();
  readonly #rules: Rule[] = [];
  readonly #serving: Promise<void>;
  #records: CqlRequest[] | null = null;
  #stall: PromiseWithResolvers<void> | null = null;

  /** @param node `address:port` */
  constructor(node: string) {
    const { hostname, port } = new URL(`tcp://${node}`);
    this.#node = { hostname, port: Number(port) };
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.#serving = this.#serve();
  }

  /** How many requests there were, of one operation or of all. */
  count(operation?: Operation): number {
    if (operation !== undefined) return this.#counts.get(operation) ?? 0;
    return [...this.#counts.values()].reduce((sum, each) => sum + each, 0);
  }

  /** How often a client has sent a password. */
  get logins(): number {
    return this.count("AUTH_RESPONSE");
  }

  /** Counts from 0 again. */
  reset(): void {
    this.#counts.clear();
  }

  /** The requests from now on, in a list that grows. */
  record(): readonly CqlRequest[] {
    return this.#records = [];
  }

  /** Decides what becomes of the next requests that match. */
  lose(matches: Rule["matches"], fate: Fate, times = 1): Lost {
    const rule: Rule = { matches, fate, times, count: 0 };
    this.#rules.push(rule);
    return {
      get count() {
        return rule.count;
      },
      all: () => until(`${times} requests were lost by "${fate}"`, () => rule.count === times),
    };
  }

  /** Forgets all that {@link lose} was called for. */
  loseNoMore(): void {
    this.#rules.length = 0;
  }

  /** Holds all answers back until {@link resume}. */
  stall(): void {
    this.#stall ??= Promise.withResolvers();
  }

  resume(): void {
    this.#stall?.resolve();
    this.#stall = null;
  }

  /** Ends all connections; new ones are accepted. */
  cut(): void {
    for (const connection of this.#open) end(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.resume();
    this.cut();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const all: Promise<void>[] = [];
    for await (const client of this.#listener) all.push(this.#connect(client));
    await Promise.all(all);
  }

  async #connect(client: Deno.Conn): Promise<void> {
    this.#open.add(client);
    const node = await Deno.connect(this.#node).catch(() => null);
    if (node === null) return end(client);
    this.#open.add(node);
    // Answers by the stream ids of their requests.
    const awaited = new Map<number, Awaited>();
    const toClient = client.writable.getWriter();
    const over = () => {
      for (const connection of [client, node]) {
        end(connection);
        this.#open.delete(connection);
      }
    };
    const requests = async () => {
      const toNode = node.writable.getWriter();
      for await (const frame of framesOf(client)) {
        const { rule, cql } = this.#note(frame);
        if (rule?.fate === "cut before") return;
        if (rule?.fate === "timeout before") await toClient.write(timeoutOf(frame, cql).bytes);
        if (rule?.fate.endsWith("before")) continue;
        awaited.set(frame.stream, { frame, cql, fate: rule?.fate ?? null });
        await toNode.write(cql === PEERS ? frame.withCql(NO_PEERS).bytes : frame.bytes);
      }
    };
    const answers = async () => {
      for await (const frame of framesOf(node)) {
        await this.#stall?.promise;
        const { fate, cql, frame: request } = awaited.get(frame.stream) ?? {};
        awaited.delete(frame.stream);
        const id = request?.operation === "PREPARE" ? frame.newPreparedId : null;
        if (id !== null && cql !== undefined) this.#prepared.set(id, cql);
        if (fate === "cut after") return;
        if (fate === "silent after") continue;
        const isUnknown = fate === "timeout after" && request !== undefined;
        await toClient.write(isUnknown ? timeoutOf(request, cql ?? "").bytes : frame.bytes);
      }
    };
    // Connections end in many ways, and an error of the proxy ends them too.
    await Promise.allSettled([requests, answers].map((run) => run().finally(over)));
  }

  /** Counts a request, and finds the rule for it. */
  #note(frame: Frame): { cql: string; rule: Rule | undefined } {
    // A node answers newer protocols with an error, and the client uses an older one.
    if (frame.version > NEWEST_PROTOCOL) return { cql: "", rule: undefined };
    const { operation } = frame;
    this.#counts.set(operation, this.count(operation) + 1);
    const request = { operation, cql: this.#cqlOf(frame) };
    this.#records?.push(request);
    const rule = this.#rules.find((each) => each.count < each.times && each.matches(request));
    if (rule) rule.count++;
    return { cql: request.cql, rule };
  }

  #cqlOf(frame: Frame): string {
    const { operation } = frame;
    if (operation === "QUERY" || operation === "PREPARE") return frame.cql;
    if (operation !== "EXECUTE" && operation !== "BATCH") return "";
    return this.#prepared.get(frame.preparedId ?? "") ?? "";
  }
}

interface Awaited {
  frame: Frame;
  cql: string;
  fate: Fate | null;
}

function timeoutOf(request: Frame, cql: string): Frame {
  return request.writeTimeout(/\bIF\b/.test(cql) ? "CAS" : "SIMPLE");
}

function end(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
