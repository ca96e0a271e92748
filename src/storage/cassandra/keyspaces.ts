import { messageOf } from "../../base/failure.ts";
import { quoted } from "../table_rules.ts";
import { EARLIER_REFUSED, ledgerSchema } from "./ledger_rows.ts";
import type { KeyFile } from "./key_file.ts";
import { quotedText } from "./names.ts";
import { isInvalid } from "./errors.ts";
import { loginFailure } from "./login.ts";
import { requireRelease } from "./release.ts";
import type { Session } from "./session.ts";
import type { CassandraSettings } from "./settings.ts";

/** Replicas if none are configured; fewer if there are fewer nodes. */
const DEFAULT_REPLICAS = 3;

/** Columns of type text that earlier versions did not have. */
const ADDED_COLUMNS = [
  ["files", "notices"],
  ["files", "replaced_by"],
  ["files", "replay"],
  ["loads", "name"],
  ["loads", "replaced_files"],
  ["loads", "refused"],
  ["loads", "epochs"],
  ["loads", "replay"],
] as const;

/** Creates keyspaces, roles and permissions, each only once in a process. */
export class Keyspaces {
  readonly #session: Session;
  readonly #settings: CassandraSettings;
  readonly #keys: KeyFile;
  readonly #done = new Map<string, Promise<void>>();

  constructor(session: Session, settings: CassandraSettings, keys: KeyFile) {
    this.#session = session;
    this.#settings = settings;
    this.#keys = keys;
  }

  /** Creates the ledger's keyspace and its tables if they are missing. */
  ensureLedger(keyspace: string): Promise<void> {
    return this.#once(keyspace, async () => {
      const existing = await this.#namesIn(keyspace);
      const missing = Object.entries(ledgerSchema(keyspace))
        .filter(([name]) => !existing.has(name)).map(([, cql]) => cql);
      if (missing.length > 0) {
        await requireRelease(this.#session);
        await this.#session.change(...await this.#keyspaceChanges(keyspace), ...missing);
      }
      if (existing.has("files")) await this.#upgrade(keyspace);
    });
  }

  /** Upgrades the tables of an earlier version. */
  async #upgrade(keyspace: string): Promise<void> {
    await this.#renameStates(keyspace);
    const { rows } = await this.#session.run(
      `SELECT table_name, column_name FROM system_schema.columns WHERE keyspace_name = ?`,
      [keyspace],
    );
    const existing = rows.map((row) => `${row["table_name"]}.${row["column_name"]}`);
    const additions = ADDED_COLUMNS
      .filter(([table, column]) => !existing.includes(`${table}.${column}`))
      .map(([table, column]) =>
        `ALTER TABLE ${keyspace}.${table} ADD IF NOT EXISTS ${column} text`
      );
    if (additions.length > 0) await this.#session.change(...additions);
  }

  async #renameStates(keyspace: string): Promise<void> {
    const found = `SELECT tenant, id FROM ${keyspace}.files WHERE state = '${EARLIER_REFUSED}'`;
    const rename = `UPDATE ${keyspace}.files SET state = 'refused' WHERE tenant = ? AND id = ?
      IF state = '${EARLIER_REFUSED}'`;
    for await (const { tenant, id } of this.#session.rows(found, [])) {
      await this.#session.run(rename, [tenant as string, id as string], false);
    }
  }

  /** Creates a tenant's keyspace, and a role of the same name that can read and write only there. */
  ensureTenant(keyspace: string): Promise<void> {
    return this.#once(keyspace, async () => {
      const role = quoted(keyspace);
      const login = `PASSWORD = ${quotedText(this.#keys.passwordOf(keyspace))} AND LOGIN = true`;
      const [isNew] = await Promise.all([
        this.#createRole(`${role} WITH ${login}`),
        this.#createKeyspace(keyspace),
      ]);
      await this.#session.administer(`GRANT SELECT, MODIFY ON KEYSPACE ${role} TO ${role}`);
      // An existing role may have a password from a key that was lost.
      if (!isNew && !await this.#canLogIn(keyspace)) {
        await this.#session.administer(`ALTER ROLE ${role} WITH ${login}`);
      }
    });
  }

  /** @returns whether it is new */
  async #createRole(definition: string): Promise<boolean> {
    try {
      await this.#session.administer(`CREATE ROLE ${definition}`);
      return true;
    } catch (error) {
      if (isInvalid(error) && /already exists/.test(messageOf(error))) return false;
      throw error;
    }
  }

  async #createKeyspace(keyspace: string): Promise<void> {
    const changes = await this.#keyspaceChanges(keyspace);
    if (changes.length > 0) await this.#session.change(...changes);
  }

  /** Lets the next call for a keyspace that was dropped create it again. */
  forget(keyspace: string): void {
    this.#done.delete(keyspace);
  }

  async exists(keyspace: string): Promise<boolean> {
    const { rows } = await this.#session.run(
      "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?",
      [keyspace],
    );
    return rows.length > 0;
  }

  async #canLogIn(role: string): Promise<boolean> {
    const login = { user: role, password: this.#keys.passwordOf(role) };
    const failure = await loginFailure(this.#settings.connection, login);
    if (failure === null || failure.code === "storage-credentials") return failure === null;
    throw failure;
  }

  /** The statement for a missing keyspace; an existing one keeps its replication. */
  async #keyspaceChanges(keyspace: string): Promise<string[]> {
    if (await this.exists(keyspace)) return [];
    const replication = await this.#replication();
    return [`CREATE KEYSPACE IF NOT EXISTS ${quoted(keyspace)} WITH replication = ${replication}`];
  }

  async #replication(): Promise<string> {
    const { replication, connection: { datacenter } } = this.#settings;
    const given = replication ?? { [datacenter]: await this.#defaultReplicas(datacenter) };
    const pairs = Object.entries(given).map(([name, count]) => `, ${quotedText(name)}: ${count}`);
    return `{'class': 'NetworkTopologyStrategy'${pairs.join("")}}`;
  }

  async #defaultReplicas(datacenter: string): Promise<number> {
    const { hosts } = await this.#session.client();
    const nodes = hosts.values().filter((host) => host.datacenter === datacenter).length;
    return Math.max(1, Math.min(DEFAULT_REPLICAS, nodes));
  }

  async #namesIn(keyspace: string): Promise<Set<string>> {
    const names = new Set<string>();
    for (const [table, column] of [["tables", "table_name"], ["indexes", "index_name"]] as const) {
      const { rows } = await this.#session.run(
        `SELECT ${column} FROM system_schema.${table} WHERE keyspace_name = ?`,
        [keyspace],
      );
      for (const row of rows) names.add(row[column] as string);
    }
    return names;
  }

  /** After a failure the next call tries again. */
  #once(name: string, work: () => Promise<void>): Promise<void> {
    const running = this.#done.get(name) ?? work();
    this.#done.set(name, running);
    running.catch(() => this.#done.delete(name));
    return running;
  }
}
