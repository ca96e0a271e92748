import { join } from "node:path";
import { RESERVE_BYTES } from "../../base/disk.ts";
import type { TableSpec, Value } from "../../batch/column.ts";
import type {
  BeginOptions,
  Load,
  LoadReceipt,
  ReplayTime,
  Storage,
  TableCount,
  TableLimits,
} from "../contract.ts";
import { alreadyLoaded, storageClosed } from "../failures.ts";
import type { ClusterHealth, RolesHealth, TableTombstones } from "../health.ts";
import { Claims } from "./claims.ts";
import { countRows } from "./count_rows.ts";
import { guarded } from "./errors.ts";
import { healthOf } from "./health.ts";
import { KeyFile } from "./key_file.ts";
import { Keyspaces } from "./keyspaces.ts";
import { CassandraLedger } from "./ledger.ts";
import { CassandraLedgerReader } from "./ledger_reader.ts";
import type { CassandraLoad } from "./load.ts";
import { type LoadRecord, LoadRecords, writeTimeOf } from "./load_records.ts";
import { lookUpRows } from "./lookup.ts";
import { ledgerKeyspace, tenantKeyspace } from "./names.ts";
import { Readers } from "./readers.ts";
import type { Replacement } from "./replacement.ts";
import { rolesOf } from "./roles.ts";
import { RowKeys } from "./row_keys.ts";
import { newClient, newTenantClient, Session } from "./session.ts";
import type { CassandraSettings } from "./settings.ts";
import { tableEpochs } from "./table_epochs.ts";
import { ensureTables, storedKeys } from "./tables.ts";
import { tombstonesOf } from "./tombstones.ts";
import { TenantClients } from "./tenant_clients.ts";
import type { SenderOptions } from "./write/sender.ts";

/** Milliseconds without an acknowledgement after which a load fails; it is resumed later. */
const SILENCE_MS = 20_000;
/** Maximum number of records that were read and are not loaded yet. */
const MAX_READ = 100;

/** Opens the ledger read-only. */
export function openCassandraLedger(settings: CassandraSettings): CassandraLedgerReader {
  return new CassandraLedgerReader(operatorSession(settings), ledgerKeyspace(settings.namespace));
}

/** Checks the health of the cluster, without an open storage. */
export async function cassandraHealth(settings: CassandraSettings): Promise<ClusterHealth> {
  const session = operatorSession(settings);
  try {
    return await healthOf(session, settings);
  } finally {
    await session.close();
  }
}

/**
 * Checks the roles of tenants, without an open storage.
 * @param dataDir contains the key of the roles; it is not created
 */
export async function cassandraRoles(
  settings: CassandraSettings,
  dataDir: string,
  tenants: readonly string[],
): Promise<RolesHealth> {
  const session = operatorSession(settings);
  try {
    return await rolesOf(session, settings, keyFileIn(dataDir), tenants);
  } finally {
    await session.close();
  }
}

/** Searches the tables of tenants for tombstones, without an open storage. */
export async function cassandraTombstones(settings: CassandraSettings): Promise<TableTombstones[]> {
  const session = operatorSession(settings);
  try {
    return await tombstonesOf(session, settings);
  } finally {
    await session.close();
  }
}

/** The roles with which people read the rows of one tenant. It connects at the first call. */
export function cassandraReaders(settings: CassandraSettings): Readers {
  return new Readers(operatorSession(settings), settings);
}

/** The keyspaces for the ledger and for the rows of these tenants. */
export function cassandraKeyspaces(
  { namespace }: CassandraSettings,
  tenants: readonly string[],
): string[] {
  return [ledgerKeyspace(namespace), ...tenants.map((tenant) => tenantKeyspace(namespace, tenant))];
}

function operatorSession({ connection, user, password }: CassandraSettings): Session {
  return new Session(() => newClient(connection, { user, password }));
}

function keyFileIn(dataDir: string): KeyFile {
  return new KeyFile(join(dataDir, "db", "cassandra.key"));
}

/**
 * The engine on an Apache Cassandra cluster: the ledger in the keyspace `mysimbdp`, each tenant's rows
 * in its own keyspace, written by its own role. It connects at the first call.
 */
export class CassandraStorage implements Storage {
  readonly ledger: CassandraLedger;
  readonly keepsOrder = true;
  readonly #settings: CassandraSettings;
  readonly #spoolFolder: string;
  readonly #reserveBytes: number;
  readonly #session: Session;
  readonly #keys: KeyFile;
  readonly #keyspaces: Keyspaces;
  readonly #clients: TenantClients;
  readonly #ledgerKeyspace: string;
  readonly #records: LoadRecords;
  readonly #claims: Claims;
  readonly #rowKeys: RowKeys;
  /** Tables that are known to be as declared, and which of them have other columns: by keyspace. */
  readonly #ensured = new Map<string, { declared: string; wider: ReadonlySet<string> }>();
  readonly #open = new Set<CassandraLoad>();
  /** What {@link receipt} has just read, for the load that then begins: by file. */
  readonly #read = new Map<string, LoadRecord | null>();
  #closed = false;

  /** @param dataDir for the key of the tenants' roles, and for rows that wait to be sent */
  constructor(
    settings: CassandraSettings,
    dataDir: string,
    leaseMs: number,
    reserveBytes = RESERVE_BYTES,
  ) {
    this.#reserveBytes = reserveBytes;
    this.#settings = settings;
    this.#spoolFolder = join(dataDir, "db", "spool");
    this.#session = operatorSession(settings);
    this.#keys = keyFileIn(dataDir);
    this.#keyspaces = new Keyspaces(this.#session, settings, this.#keys);
    this.#clients = new TenantClients({
      open: (role) => {
        const login = { user: role, password: this.#keys.passwordOf(role) };
        return newTenantClient(settings.connection, login);
      },
    });
    this.#ledgerKeyspace = ledgerKeyspace(settings.namespace);
    this.#records = new LoadRecords(this.#session, this.#ledgerKeyspace);
    this.#claims = new Claims(this.#session, this.#ledgerKeyspace);
    this.#rowKeys = new RowKeys(this.#session, this.#ledgerKeyspace);
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

  ensureTables(tenant: string, tables: TableSpec[], limits?: TableLimits): Promise<void> {
    return guarded(`Cannot prepare the tables of "${tenant}"`, async () => {
      const keyspace = this.#keyspaceOf(tenant);
      const declared = JSON.stringify(tables);
      if (this.#ensured.get(keyspace)?.declared === declared) return;
      const wider = await ensureTables(this.#session, keyspace, tables, limits, async () => {
        if (await this.#keyspaces.exists(keyspace)) return;
        this.#keyspaces.forget(keyspace);
        await this.ensureKeyspace(tenant);
      });
      this.#ensured.set(keyspace, { declared, wider });
    });
  }

  receipt(tenant: string, fileId: string): Promise<LoadReceipt | null> {
    return guarded(`Cannot read the receipt of "${fileId}"`, async () => {
      const found = await this.#latestRecord(tenant, fileId);
      if (this.#read.size >= MAX_READ) this.#read.clear();
      this.#read.set(fileId, found);
      if (!found?.committed || !found.decided) return null;
      const { decided: { rows, moduleVersion }, replacedFiles } = found;
      return { rows, moduleVersion, replacedFiles };
    });
  }

  stored(tenant: string, fileIds: readonly string[]): Promise<ReadonlySet<string>> {
    return guarded(`Cannot read the receipts of "${tenant}"`, async () => {
      await this.#prepare();
      return await this.#records.committedOf(tenant, fileIds);
    });
  }

  begun(tenant: string, fileId: string): Promise<string | null> {
    return guarded(`Cannot read the load of "${fileId}"`, async () => {
      const found = await this.#latestRecord(tenant, fileId);
      return found && !found.committed ? found.decided?.moduleVersion ?? null : null;
    });
  }

  abandon(tenant: string, fileId: string): Promise<number> {
    return guarded(`Cannot give up the load of "${fileId}"`, async () => {
      this.#keyspaceOf(tenant);
      await this.#prepare();
      return await this.#records.abandon(tenant, fileId);
    });
  }

  expire(tenant: string, fileId: string): Promise<void> {
    return guarded(`Cannot remove the receipt of "${fileId}"`, async () => {
      this.#keyspaceOf(tenant);
      await this.#prepare();
      const name = await this.#records.claimedName(tenant, fileId);
      if (name !== null) await this.#claims.forgetVersion(tenant, name, fileId);
      this.#read.delete(fileId);
      await this.#records.forget(tenant, fileId, inOrder());
    });
  }

  forget(tenant: string, fileId: string, replay: ReplayTime = inOrder()): Promise<void> {
    return guarded(`Cannot remove the receipt of "${fileId}"`, async () => {
      this.#keyspaceOf(tenant);
      await this.#prepare();
      this.#read.delete(fileId);
      await this.#records.forget(tenant, fileId, replay, async () => {
        const name = await this.#records.claimedName(tenant, fileId);
        return name === null ? 0 : await this.#claims.writeTimeOf(tenant, name, fileId);
      });
    });
  }

  async begin(
    tenant: string,
    fileId: string,
    tables: TableSpec[],
    { receivedAt = Date.now(), replaces, replay }: BeginOptions = {},
  ): Promise<Load> {
    await this.ensureTables(tenant, tables);
    return await guarded(`Cannot begin to load file "${fileId}"`, async () => {
      const record = await this.#recordToLoad(tenant, fileId, receivedAt, replay ?? null);
      if (record.committed) throw alreadyLoaded(fileId);
      const keyspace = this.#keyspaceOf(tenant);
      // Imported at the first load, because it imports the driver.
      const { CassandraLoad } = await import("./load.ts");
      const sender = {
        clients: this.#clients,
        keyspace,
        tables,
        wider: this.#ensured.get(keyspace)?.wider,
        silenceMs: SILENCE_MS,
      };
      const keys = () => storedKeys(this.#session, keyspace);
      const replacement = replaces ? await this.#replacement(record, replaces, sender, keys) : null;
      if (this.#closed) throw storageClosed();
      const load: CassandraLoad = new CassandraLoad({
        record,
        records: this.#records,
        replacement,
        sender,
        epochs: () => tableEpochs(this.#session, keyspace, tables),
        storedKeys: keys,
        spoolFolder: this.#spoolFolder,
        reserveBytes: this.#reserveBytes,
        onEnd: () => this.#open.delete(load),
        onFailure: () => this.#ensured.delete(keyspace),
      });
      this.#open.add(load);
      return load;
    });
  }

  lookup(tenant: string, table: TableSpec, keys: readonly Value[][]): Promise<(Value[] | null)[]> {
    return guarded(`Cannot look up rows of "${tenant}"`, async () => {
      const keyspace = this.#keyspaceOf(tenant);
      await this.#prepare();
      return await lookUpRows(this.#session, keyspace, table, keys);
    });
  }

  countRows(tenant: string): Promise<TableCount[]> {
    return guarded(
      `Cannot count the rows of "${tenant}"`,
      async () => await countRows(this.#session, this.#keyspaceOf(tenant)),
    );
  }

  reclaim(): Promise<void> {
    // The system frees the spool of a process that has ended.
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((load) => load.abort()));
    await this.#clients.close();
    await this.ledger.close();
  }

  /**
   * The record of the load to do. An attempt asks for the receipt first, after it got the file's lease:
   * what it has read then is not read again.
   */
  async #recordToLoad(
    tenant: string,
    fileId: string,
    receivedAt: number,
    replay: ReplayTime | null,
  ): Promise<LoadRecord> {
    const known = this.#read.get(fileId);
    this.#read.delete(fileId);
    const found = known === undefined ? await this.#records.latest(tenant, fileId) : known;
    if (found !== null) return found;
    // A time in the future must not make these rows newer than all later files.
    const now = Date.now();
    const writeTime = writeTimeOf(Math.min(receivedAt, now), fileId);
    const record = this.#records.first(tenant, fileId, writeTime, replay);
    // Another attempt would compute a later one.
    if (receivedAt > now) await this.#records.keep(record);
    return record;
  }

  /** @throws {Failure} `superseded` */
  async #replacement(
    record: LoadRecord,
    replaces: NonNullable<BeginOptions["replaces"]>,
    sender: SenderOptions,
    storedKeys: () => Promise<Map<string, string>>,
  ): Promise<Replacement> {
    const { Replacement } = await import("./replacement.ts");
    const replacement = new Replacement(
      {
        claims: this.#claims,
        keys: this.#rowKeys,
        records: this.#records,
        stateOf: async (fileId) => (await this.ledger.get(fileId))?.state ?? null,
        sender,
        storedKeys,
      },
      record,
      replaces,
    );
    await replacement.check();
    return replacement;
  }

  #prepare(): Promise<void> {
    return this.#keyspaces.ensureLedger(this.#ledgerKeyspace);
  }

  async #latestRecord(tenant: string, fileId: string) {
    this.#keyspaceOf(tenant);
    await this.#prepare();
    return await this.#records.latest(tenant, fileId);
  }

  /** @throws {Failure} `bad-tenant-name` */
  #keyspaceOf(tenant: string): string {
    return tenantKeyspace(this.#settings.namespace, tenant);
  }
}

function inOrder(): ReplayTime {
  return { order: "arrival", at: Date.now() };
}
