import { TLSSocket } from "node:tls";
import type { auth, Client, ClientOptions, QueryOptions, types } from "cassandra-driver";
import type { ConnectionSettings } from "./settings.ts";

type Driver = typeof import("cassandra-driver");
/** What a statement is bound to. */
export type Parameter = string | number | bigint | boolean | null | Uint8Array | Date | string[];
export type Row = types.Row;

/** Sees what a lightweight transaction of this datacenter has left, and completes one that hangs. */
export const LOCAL_SERIAL = 0x0009;

const CONNECT_MS = 5_000;
/** A node that takes packets and answers none is given up after this. */
const READ_MS = 12_000;
/** A node that is down agrees to nothing; then it goes on without. */
const AGREEMENT_MS = 10_000;
const AGREEMENT_POLL_MS = 50;

let loaded: Promise<Driver> | null = null;

/** The driver, loaded when it is first needed: it is no small thing. */
export function loadDriver(): Promise<Driver> {
  // As a CommonJS module it comes either way, by how the program was bundled.
  return loaded ??= import("cassandra-driver").then((module) =>
    ("default" in module ? module.default : module) as Driver
  );
}

/** Opens a client for one role; nothing connects before its first statement. */
export async function newClient(
  { contactPoints, datacenter, tls }: ConnectionSettings,
  login: { user: string; password: string },
  more: Partial<ClientOptions> = {},
): Promise<Client> {
  const { Client, auth, policies, types } = await loadDriver();
  if (tls) completeTls();
  const authProvider: auth.AuthProvider = new auth.PlainTextAuthProvider(
    login.user,
    login.password,
  );
  return new Client({
    contactPoints: [...contactPoints],
    localDataCenter: datacenter,
    authProvider,
    ...(tls && {
      sslOptions: {
        ...(tls.ca && { ca: [tls.ca] }),
        ...(tls.cert && { cert: tls.cert }),
        ...(tls.key && { key: tls.key }),
        // Otherwise it is the address: the driver looks names up before it connects.
        ...(tls.name && { servername: tls.name }),
        rejectUnauthorized: tls.verify,
      },
    }),
    policies: {
      // The default one sends a request again without asking whether that may be.
      retry: new policies.retry.IdempotenceAwareRetryPolicy(new policies.retry.RetryPolicy()),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(500, 10_000),
    },
    queryOptions: {
      consistency: types.consistencies.localQuorum,
      serialConsistency: types.consistencies.localSerial,
      prepare: true,
    },
    // It would look every half a second, after each statement; see `Session.change`.
    protocolOptions: { maxSchemaAgreementWaitSeconds: 0 },
    // At once: the timer that gathers changes of the schema has been seen to fire after its queue was
    // gone, and what is thrown there ends the process.
    refreshSchemaDelay: 0,
    encoding: { useBigIntAsLong: true },
    socketOptions: { connectTimeout: CONNECT_MS, readTimeout: READ_MS },
    ...more,
  });
}

/** The driver's log asks which version was agreed on, which Deno's sockets cannot tell. */
function completeTls(): void {
  TLSSocket.prototype.getProtocol ??= () => null;
}

/** A client that is opened at its first use, and again after an opening that failed. */
export class Session {
  readonly #open: () => Promise<Client>;
  #client: Promise<Client> | null = null;
  #closed = false;

  constructor(open: () => Promise<Client>) {
    this.#open = open;
  }

  client(): Promise<Client> {
    if (this.#closed) return Promise.reject(new Error("the session is closed"));
    return this.#client ??= this.#connect();
  }

  /** Runs one statement, prepared. @param idempotent whether it may be sent twice */
  async run(
    cql: string,
    values: readonly Parameter[] = [],
    idempotent = true,
  ): Promise<types.ResultSet> {
    const client = await this.client();
    return await client.execute(cql, [...values], { prepare: true, isIdempotent: idempotent });
  }

  /** Rows of a query of any size, page by page. */
  async *rows(
    cql: string,
    values: readonly Parameter[] = [],
    pageRows = 2_000,
  ): AsyncGenerator<Row> {
    const client = await this.client();
    const options = { prepare: true, isIdempotent: true, fetchSize: pageRows };
    let page = await client.execute(cql, [...values], options);
    yield* page.rows;
    while (page.pageState) {
      page = await client.execute(cql, [...values], { ...options, pageState: page.pageState });
      yield* page.rows;
    }
  }

  /**
   * Runs statements that change schema, roles or rights, one after the other and by one node, and
   * waits until all nodes that are up have what they make.
   */
  async change(...statements: readonly string[]): Promise<void> {
    const client = await this.client();
    const host = client.hosts.values().find((each) => each.isUp());
    const options = { prepare: false, isIdempotent: false, ...(host && { host }) };
    for (const cql of statements) await client.execute(cql, [], options);
    const end = performance.now() + AGREEMENT_MS;
    while (!await agrees(client, options) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, AGREEMENT_POLL_MS));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#client;
    this.#client = null;
    await (await opening?.catch(() => null))?.shutdown();
  }

  async #connect(): Promise<Client> {
    let client: Client | null = null;
    try {
      client = await this.#open();
      await client.connect();
      return client;
    } catch (thrown) {
      this.#client = null;
      await client?.shutdown().catch(() => undefined);
      throw thrown;
    }
  }
}

/** Whether all nodes have one schema, as the node that is asked sees it. */
async function agrees(client: Client, options: QueryOptions): Promise<boolean> {
  const versions = new Set<string>();
  for (const table of ["local", "peers_v2"]) {
    const { rows } = await client.execute(`SELECT schema_version FROM system.${table}`, [], {
      ...options,
      isIdempotent: true,
    });
    for (const row of rows) versions.add(String(row["schema_version"]));
  }
  return versions.size === 1;
}
