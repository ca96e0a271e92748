import { join } from "node:path";
import { Failure } from "../../base/failure.ts";
import type { TableSpec, Value } from "../../batch/column.ts";
import type { BeginOptions, Load, LoadReceipt, Storage } from "../contract.ts";
import type { ClusterHealth } from "../health.ts";
import { countTableRows } from "./count.ts";
import { guarded } from "./errors.ts";
import { healthOf } from "./health.ts";
import { KeyFile } from "./key_file.ts";
import { Keyspaces } from "./keyspaces.ts";
import { CassandraLedger } from "./ledger.ts";
import { CassandraLedgerReader } from "./ledger_reader.ts";
import type { CassandraLoad } from "./load.ts";
import { LoadRecords } from "./load_records.ts";
import { lookUpRows } from "./lookup.ts";
import { ledgerKeyspace, tenantKeyspace } from "./names.ts";
import { newClient, Session } from "./session.ts";
import type { CassandraSettings } from "./settings.ts";
import { ensureTables, tableNames } from "./tables.ts";
import { writeTimeOf } from "./write_time.ts";

/** Milliseconds without an acknowledgement after which a load gives up, to be gone on with later. */
const PATIENCE_MS = 20_000;

/**
 * Opens the engine on an Apache Cassandra cluster: the ledger in the keyspace `mysimbdp`, each
 * tenant's rows in a keyspace and by a role of its own. Nothing connects before the first question.
 *
 * @param dataDir where the key of the tenants' roles lies, and rows that wait to be sent
 */
export function openCassandraStorage(
  settings: CassandraSettings,
  dataDir: string,
  leaseMs: number,
): Storage {
  return new CassandraStorage(settings, dataDir, leaseMs);
}

/** Opens only the ledger, for those who read it. */
export function openCassandraLedger(settings: CassandraSettings): CassandraLedgerReader {
  return new CassandraLedgerReader(
    operatorSession(settings),
    ledgerKeyspace(settings.namespace),
  );
}

/** Looks at the cluster, without an open storage. */
export async function cassandraHealth(settings: CassandraSettings): Promise<ClusterHealth> {
  const session = operatorSession(settings);
  try {
    return await healthOf(session, settings);
  } finally {
    await session.close();
  }
}

/** The keyspaces that hold what is stored for these tenants, and the ledger. */
export function cassandraKeyspaces(
  { namespace }: CassandraSettings,
  tenants: readonly string[],
): string[] {
  return [ledgerKeyspace(namespace), ...tenants.map((tenant) => tenantKeyspace(namespace, tenant))];
}

function operatorSession({ connection, user, password }: CassandraSettings): Session {
  return new Session(() => newClient(connection, { user, password }));
}

class CassandraStorage implements Storage {
  readonly ledger: CassandraLedger;
  readonly #settings: CassandraSettings;
  readonly #spoolFolder: string;
  readonly #session: Session;
  readonly #keys: KeyFile;
  readonly #keyspaces: Keyspaces;
  readonly #ledgerKeyspace: string;
  readonly #records: LoadRecords;
  /** Tables that were found as they are declared: keyspace → declaration. */
  readonly #ensured = new Map<string, string>();
  readonly #open = new Set<CassandraLoad>();
  #closed = false;

  constructor(settings: CassandraSettings, dataDir: string, leaseMs: number) {
    this.#settings = settings;
    this.#spoolFolder = join(dataDir, "db", "spool");
    this.#session = operatorSession(settings);
    this.#keys = new KeyFile(join(dataDir, "db", "cassandra.key"));
    this.#keyspaces = new Keyspaces(this.#session, settings, this.#keys);
    this.#ledgerKeyspace = ledgerKeyspace(settings.namespace);
    this.#records = new LoadRecords(this.#session, this.#ledgerKeyspace);
    this.ledger = new CassandraLedger(
      this.#session,
      this.#ledgerKeyspace,
      leaseMs,
      () => this.#prepare(),
    );
  }

  ready(): Promise<void> {
    return guarded("Cannot open the storage", () => this.#prepare());
  }

  ensureKeyspace(tenant: string): Promise<void> {
    return guarded(`Cannot open keyspace "${tenant}"`, async () => {
      const keyspace = this.#keyspaceOf(tenant);
      await this.#prepare();
      await this.#keyspaces.ensureTenant(keyspace);
    });
  }

  ensureTables(tenant: string, tables: TableSpec[]): Promise<void> {
    return guarded(`Cannot prepare the tables of "${tenant}"`, async () => {
      const keyspace = this.#keyspaceOf(tenant);
      const declared = JSON.stringify(tables);
      if (this.#ensured.get(keyspace) === declared) return;
      if (!await this.#keyspaces.exists(keyspace)) await this.ensureKeyspace(tenant);
      await ensureTables(this.#session, keyspace, tables);
      this.#ensured.set(keyspace, declared);
    });
  }

  receipt(tenant: string, fileId: string): Promise<LoadReceipt | null> {
    return guarded(`Cannot read the receipt of "${fileId}"`, async () => {
      this.#keyspaceOf(tenant);
      await this.#prepare();
      const found = await this.#records.latest(tenant, fileId);
      return found?.committed && found.decided
        ? { rows: found.decided.rows, moduleVersion: found.decided.moduleVersion }
        : null;
    });
  }

  begun(tenant: string, fileId: string): Promise<string | null> {
    return guarded(`Cannot read the load of "${fileId}"`, async () => {
      await this.#prepare();
      const found = await this.#records.latest(tenant, fileId);
      return found && !found.committed ? found.decided?.moduleVersion ?? null : null;
    });
  }

  forget(tenant: string, fileId: string): Promise<void> {
    return guarded(`Cannot forget the load of "${fileId}"`, async () => {
      this.#keyspaceOf(tenant);
      await this.#prepare();
      await this.#records.forget(tenant, fileId);
    });
  }

  async begin(
    tenant: string,
    fileId: string,
    tables: TableSpec[],
    { receivedAt = Date.now() }: BeginOptions = {},
  ): Promise<Load> {
    await this.ensureTables(tenant, tables);
    return await guarded(`Cannot begin to load file "${fileId}"`, async () => {
      // What a file's owner says of its age must not put its rows above all that is to come.
      const writeTime = writeTimeOf(Math.min(receivedAt, Date.now()), fileId);
      const record = await this.#records.open(tenant, fileId, writeTime);
      if (record.committed) throw alreadyLoaded(fileId);
      const keyspace = this.#keyspaceOf(tenant);
      // Loaded when the first rows come: it brings the driver along.
      const { CassandraLoad } = await import("./load.ts");
      if (this.#closed) throw new Failure("internal", "storage-closed", "The storage is closed");
      const load: CassandraLoad = new CassandraLoad({
        tenant,
        fileId,
        record,
        records: this.#records,
        sender: {
          connection: this.#settings.connection,
          keyspace,
          password: this.#keys.passwordOf(keyspace),
          tables,
          patienceMs: PATIENCE_MS,
        },
        spoolFolder: this.#spoolFolder,
        onEnd: () => this.#open.delete(load),
        onFailure: () => this.#ensured.delete(keyspace),
      });
      this.#open.add(load);
      return load;
    });
  }

  lookup(
    tenant: string,
    table: TableSpec,
    keys: readonly Value[][],
  ): Promise<(Value[] | null)[]> {
    return guarded(`Cannot look up rows of "${tenant}"`, async () => {
      const keyspace = this.#keyspaceOf(tenant);
      await this.#prepare();
      return await lookUpRows(this.#session, keyspace, table, keys);
    });
  }

  countRows(tenant: string): Promise<{ table: string; rows: number }[]> {
    return guarded(`Cannot count the rows of "${tenant}"`, async () => {
      const keyspace = this.#keyspaceOf(tenant);
      const counted: { table: string; rows: number }[] = [];
      for (const table of await tableNames(this.#session, keyspace)) {
        counted.push({ table, rows: await countTableRows(this.#session, keyspace, table) });
      }
      return counted;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((load) => load.abort()));
    await this.ledger.close();
  }

  #prepare(): Promise<void> {
    return this.#keyspaces.ensureLedger(this.#ledgerKeyspace);
  }

  #keyspaceOf(tenant: string): string {
    return tenantKeyspace(this.#settings.namespace, tenant);
  }
}

function alreadyLoaded(fileId: string): Failure {
  return new Failure(
    "internal",
    "already-loaded",
    `Cannot load file "${fileId}": its rows are stored already`,
  );
}
