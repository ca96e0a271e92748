import { Failure } from "../../base/failure.ts";
import { quoted } from "../table_rules.ts";
import { guarded, isInvalid } from "./errors.ts";
import { quotedText, readerRole, readersPrefix, tenantKeyspace } from "./names.ts";
import { permissionsOf } from "./permissions.ts";
import type { Session } from "./session.ts";
import type { CassandraSettings, ConnectionSettings } from "./settings.ts";

/** Where and as whom a reader reads. */
export interface ReaderAccess {
  role: string;
  keyspace: string;
  /** In alphabetical order; empty until a module is deployed. */
  tables: string[];
  /** Without the platform's own login. */
  connection: ConnectionSettings;
}

const ROLE = /^<role (.+)>$/;

/**
 * The roles with which people read the rows of one tenant: they can log in, and `SELECT` in the
 * tenant's keyspace. The role of the storage URL creates them, so it may change and drop them; those
 * that it may change are the readers. Nothing else is stored.
 */
export class Readers {
  readonly #session: Session;
  readonly #settings: CassandraSettings;

  /** @param session as the role of the storage URL; {@link close} closes it */
  constructor(session: Session, settings: CassandraSettings) {
    this.#session = session;
    this.#settings = settings;
  }

  /**
   * Creates a reader.
   * @throws {Failure} `reader-exists`, `no-keyspace`, `bad-reader-name`; kind `storage`
   */
  add(tenant: string, reader: string, password: string): Promise<ReaderAccess> {
    const { role, keyspace, sentence } = this.#names("add", tenant, reader);
    return guarded(sentence, async () => {
      await this.#requireKeyspace(sentence, tenant, keyspace);
      if ((await this.list(tenant)).includes(reader)) {
        const again = `mysimbdp manage tenant add-reader ${tenant} ${reader} --reset-password`;
        throw exists(sentence, role, `Run ${again} to set a new password.`);
      }
      try {
        await this.#session.change(`CREATE ROLE ${role} WITH ${login(password)}`);
      } catch (error) {
        if (!isInvalid(error)) throw error;
        throw exists(sentence, role, "Another role created it: drop it, or choose another name.");
      }
      return await this.#grant(role, keyspace);
    });
  }

  /**
   * Sets the password of a reader, and its permission if it is missing.
   * @throws {Failure} `no-such-reader`, `no-keyspace`, `bad-reader-name`; kind `storage`
   */
  reset(tenant: string, reader: string, password: string): Promise<ReaderAccess> {
    const { role, keyspace, sentence } = this.#names("change", tenant, reader);
    return guarded(sentence, async () => {
      await this.#requireReader(sentence, tenant, reader);
      await this.#requireKeyspace(sentence, tenant, keyspace);
      await this.#session.change(`ALTER ROLE ${role} WITH ${login(password)}`);
      return await this.#grant(role, keyspace);
    });
  }

  /**
   * Removes a reader. Its open connections can read until the nodes' caches of permissions expire.
   * @returns the name of the role that was dropped
   * @throws {Failure} `no-such-reader`, `bad-reader-name`; kind `storage`
   */
  remove(tenant: string, reader: string): Promise<string> {
    const { role, sentence } = this.#names("remove", tenant, reader);
    return guarded(sentence, async () => {
      await this.#requireReader(sentence, tenant, reader);
      await this.#session.change(`DROP ROLE ${role}`);
      return role;
    });
  }

  /** The names of a tenant's readers, in alphabetical order. */
  list(tenant: string): Promise<string[]> {
    return guarded(`Cannot list the readers of "${tenant}"`, async () => {
      const { namespace, user } = this.#settings;
      const prefix = readersPrefix(namespace, tenant);
      const own = await permissionsOf(this.#session, user);
      const roles = own.map(({ resource }) => ROLE.exec(resource)?.[1] ?? "");
      const found = roles.filter((role) => role.startsWith(prefix));
      return [...new Set(found)].map((role) => role.slice(prefix.length)).sort();
    });
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #names(verb: string, tenant: string, reader: string) {
    const { namespace } = this.#settings;
    return {
      role: readerRole(namespace, tenant, reader),
      keyspace: tenantKeyspace(namespace, tenant),
      sentence: `Cannot ${verb} reader "${reader}" of "${tenant}"`,
    };
  }

  async #requireReader(sentence: string, tenant: string, reader: string): Promise<void> {
    if ((await this.list(tenant)).includes(reader)) return;
    throw new Failure("usage", "no-such-reader", `${sentence}: there is no such reader`, {
      hint: `Run mysimbdp manage tenant show ${tenant} to list the readers.`,
    });
  }

  async #requireKeyspace(sentence: string, tenant: string, keyspace: string): Promise<void> {
    const query = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
    if ((await this.#session.run(query, [keyspace])).rows.length > 0) return;
    throw new Failure("usage", "no-keyspace", `${sentence}: keyspace "${keyspace}" is missing`, {
      hint: `Run mysimbdp manage tenant add ${tenant}, or deploy a module.`,
    });
  }

  async #grant(role: string, keyspace: string): Promise<ReaderAccess> {
    await this.#session.change(`GRANT SELECT ON KEYSPACE ${quoted(keyspace)} TO ${role}`);
    const query = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
    const { rows } = await this.#session.run(query, [keyspace]);
    const tables = rows.map((row) => String(row["table_name"])).sort();
    return { role, keyspace, tables, connection: this.#settings.connection };
  }
}

function login(password: string): string {
  return `PASSWORD = ${quotedText(password)} AND LOGIN = true`;
}

function exists(sentence: string, role: string, hint: string): Failure {
  return new Failure("usage", "reader-exists", `${sentence}: role "${role}" exists`, { hint });
}
