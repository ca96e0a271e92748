import { TLSSocket } from "node:tls";
import { systemClock } from "../../base/clock.ts";
import { messageOf } from "../../base/failure.ts";
import type { Client, ClientOptions, QueryOptions, types } from "cassandra-driver";
import { isUnexplained } from "./errors.ts";
import type { ConnectionSettings } from "./settings.ts";

type Driver = typeof import("cassandra-driver");
/** What the driver keeps for itself. */
interface ControlConnection {
  _refresh(hosts?: unknown): Promise<void>;
}
/** A parameter of a statement. */
export type Parameter = string | number | bigint | boolean | null | Uint8Array | Date | string[];
export type Row = types.Row;

const LOCAL_SERIAL = 0x0009;

/** The version of the native protocol; without it, the driver tries newer ones of other products first. */
export const PROTOCOL_VERSION = 4;
const CONNECT_MS = 5_000;
/** The timeout for a node that accepts packets but does not answer. */
const READ_MS = 12_000;
/** The timeout for schema agreement, which a node that is down prevents. */
const AGREEMENT_MS = 10_000;
const AGREEMENT_POLL_MS = 50;
/** How often Cassandra lets the password of one role be changed; later versions of 5.0 only. */
const PASSWORD_INTERVAL = /can only be changed every (\d+)ms/;

let loaded: Promise<Driver> | null = null;

/** Loads the driver when it is first needed, because it is large. */
function loadDriver(): Promise<Driver> {
  // A CommonJS module has a default export or not, depending on the bundler.
  return loaded ??= import("cassandra-driver").then((module) =>
    ("default" in module ? module.default : module) as Driver
  );
}

/** Creates a client for one role. It connects at its first statement. */
export async function newClient(
  { contactPoints, datacenter, tls }: ConnectionSettings,
  login: { user: string; password: string },
  more: Partial<ClientOptions> = {},
): Promise<Client> {
  const { Client, auth, policies, types } = await loadDriver();
  // The driver logs the TLS version, which Deno's sockets do not have.
  if (tls) TLSSocket.prototype.getProtocol ??= () => null;
  const client = new Client({
    contactPoints: [...contactPoints],
    localDataCenter: datacenter,
    authProvider: new auth.PlainTextAuthProvider(login.user, login.password),
    ...(tls && {
      sslOptions: {
        ...(tls.ca && { ca: [tls.ca] }),
        ...(tls.cert && { cert: tls.cert }),
        ...(tls.key && { key: tls.key }),
        // The default is the address, because the driver resolves names before it connects.
        ...(tls.name && { servername: tls.name }),
        rejectUnauthorized: tls.verify,
      },
    }),
    policies: {
      // The default policy repeats requests that are not idempotent.
      retry: new policies.retry.IdempotenceAwareRetryPolicy(new policies.retry.RetryPolicy()),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(500, 10_000),
    },
    queryOptions: {
      consistency: types.consistencies.localQuorum,
      serialConsistency: types.consistencies.localSerial,
      prepare: true,
    },
    protocolOptions: {
      maxVersion: PROTOCOL_VERSION,
      // The driver would poll twice a second after each statement; see `Session.change`.
      maxSchemaAgreementWaitSeconds: 0,
    },
    // No delay: the timer that collects schema changes can fire after its queue was closed, and its
    // exception ends the process.
    refreshSchemaDelay: 0,
    encoding: { useBigIntAsLong: true },
    socketOptions: { connectTimeout: CONNECT_MS, readTimeout: READ_MS },
    ...more,
  });
  endureFailedRefreshes(client);
  return client;
}

/**
 * The driver refreshes its control connection from a timer that nobody awaits. After all nodes were down,
 * two refreshes can run at the same time; one of them then fails, and its exception ends the process.
 */
function endureFailedRefreshes(client: Client): void {
  const control = (client as Client & { controlConnection: ControlConnection }).controlConnection;
  const refresh = control._refresh.bind(control);
  control._refresh = (hosts) => refresh(hosts).catch(() => undefined);
}

/** Creates a client that writes the rows of one tenant. It logs in once to each node. */
export async function newTenantClient(
  connection: ConnectionSettings,
  login: { user: string; password: string },
): Promise<Client> {
  const { types } = await loadDriver();
  return await newClient(connection, login, {
    // All are connected at once: the driver prepares no statement on a node that is not yet.
    pooling: { coreConnectionsPerHost: { [types.distance.local]: 1 } },
    // A node that does not know a statement says so, and the driver prepares it there.
    prepareOnAllHosts: false,
  });
}

/** A client that connects at its first use, and again if that failed. */
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

  /** Runs one prepared statement. @param idempotent whether it can be sent twice */
  run(
    cql: string,
    values: readonly Parameter[] = [],
    idempotent = true,
  ): Promise<types.ResultSet> {
    return this.#execute(cql, values, { prepare: true, isIdempotent: idempotent });
  }

  /** Reads the result of the last lightweight transaction, and completes pending ones. */
  serial(cql: string, values: readonly Parameter[]): Promise<types.ResultSet> {
    const options = { prepare: true, isIdempotent: true, consistency: LOCAL_SERIAL };
    return this.#execute(cql, values, options);
  }

  /** The rows of a query, page by page. */
  async *rows(
    cql: string,
    values: readonly Parameter[] = [],
    pageRows = 2_000,
  ): AsyncGenerator<Row> {
    const options = { prepare: true, isIdempotent: true, fetchSize: pageRows };
    let page = await this.#execute(cql, values, options);
    yield* page.rows;
    while (page.pageState) {
      page = await this.#execute(cql, values, { ...options, pageState: page.pageState });
      yield* page.rows;
    }
  }

  /**
   * Runs statements that change the schema, one after another on one node, and waits until all nodes that
   * are up have the change. Cassandra does not support changing the schema at the same time.
   */
  async change(...statements: readonly string[]): Promise<void> {
    const client = await this.client();
    const options = await this.administer(...statements);
    const end = performance.now() + AGREEMENT_MS;
    while (!await agrees(client, options) && performance.now() < end) {
      await systemClock.sleep(AGREEMENT_POLL_MS);
    }
  }

  /**
   * Runs statements that change roles or permissions, one after another on one node. They can run while
   * the schema changes: they only write rows.
   *
   * @returns the options with which they ran
   */
  async administer(...statements: readonly string[]): Promise<QueryOptions> {
    const client = await this.client();
    const host = client.hosts.values().find((each) => each.isUp());
    const options = { prepare: false, isIdempotent: false, ...(host && { host }) };
    for (const cql of statements) await changeOnce(client, cql, options);
    return options;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#client;
    this.#client = null;
    await (await opening?.catch(() => null))?.shutdown();
  }

  async #execute(
    cql: string,
    values: readonly Parameter[],
    options: QueryOptions,
  ): Promise<types.ResultSet> {
    const client = await this.client();
    try {
      return await client.execute(cql, [...values], options);
    } catch (error) {
      // Nothing was sent. A new connection works, or says why there is none.
      if (!isUnexplained(error)) throw error;
      return await (await this.#replaced(client)).execute(cql, [...values], options);
    }
  }

  /** The client instead of one that has lost all its connections. */
  async #replaced(lost: Client): Promise<Client> {
    if (await this.#client === lost) {
      this.#client = null;
      void lost.shutdown().catch(() => undefined);
    }
    return await this.client();
  }

  async #connect(): Promise<Client> {
    let client: Client | null = null;
    try {
      client = await this.#open();
      await client.connect();
      return client;
    } catch (error) {
      this.#client = null;
      await client?.shutdown().catch(() => undefined);
      throw error;
    }
  }
}

/** Runs a statement, again if it came too soon after another change of the same password. */
async function changeOnce(client: Client, cql: string, options: QueryOptions): Promise<void> {
  try {
    await client.execute(cql, [], options);
  } catch (error) {
    const [, ms] = PASSWORD_INTERVAL.exec(messageOf(error)) ?? [];
    if (ms === undefined) throw error;
    await systemClock.sleep(Number(ms));
    await client.execute(cql, [], options);
  }
}

/** Whether all nodes have the same schema, according to one node. */
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
