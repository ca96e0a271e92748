import { quoted } from "../table_rules.ts";
import type { Session } from "./session.ts";

/** One permission of a role, as Cassandra prints it. */
export interface Permission {
  /** The role that was granted it; another one if it is inherited. */
  role: string;
  /** Such as `<keyspace t_one>`, `<all keyspaces>` or `<role r_one__anna>`. */
  resource: string;
  permission: string;
}

/** The permissions of a role. A role can list its own, and those of roles that it created. */
export async function permissionsOf(session: Session, role: string): Promise<Permission[]> {
  const client = await session.client();
  const cql = `LIST ALL PERMISSIONS OF ${quoted(role)}`;
  const { rows } = await client.execute(cql, [], { prepare: false, isIdempotent: true });
  return (rows ?? []).map((row) => ({
    role: String(row["role"]),
    resource: String(row["resource"]),
    permission: String(row["permission"]),
  }));
}
