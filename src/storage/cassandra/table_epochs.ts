import { z } from "zod";
import { Failure } from "../../base/failure.ts";
import { PASSING } from "../../base/retry.ts";
import type { Session } from "./session.ts";

/** Nodes that are asked; a TRUNCATE needs all nodes, so that any of them knows of it. */
const MAX_NODES = 5;

export const tableEpochsSchema = z.object({
  /** The id of each table: a table that is created again has another one. */
  ids: z.record(z.string(), z.string()),
  /** By the id of a node, then by table: the node's record of its last TRUNCATE, empty if it has none. */
  truncations: z.record(z.string(), z.record(z.string(), z.string())),
});

/** What changes when tables lose the rows that they have. */
export type TableEpochs = z.infer<typeof tableEpochsSchema>;

/**
 * The epochs of these tables now, according to the nodes that are up.
 * @throws {Failure} `table-changed` if one is missing
 */
export async function tableEpochs(
  session: Session,
  keyspace: string,
  tables: readonly { name: string }[],
): Promise<TableEpochs> {
  const [ids, nodes] = await Promise.all([idsOf(session, keyspace, tables), truncated(session)]);
  const ofTables = (known: ReadonlyMap<string, string>) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, known.get(id) ?? ""]));
  return {
    ids,
    truncations: Object.fromEntries(nodes.map(([node, known]) => [node, ofTables(known)])),
  };
}

/** Whether the tables still have what was written between the two. False if no node was asked twice. */
export function areSameTables(earlier: TableEpochs, later: TableEpochs): boolean {
  const common = Object.keys(earlier.truncations).filter((node) => node in later.truncations);
  const isSame = (one: Record<string, string>, other: Record<string, string>) =>
    Object.entries(one).every(([table, value]) => other[table] === value);
  return common.length > 0 && isSame(earlier.ids, later.ids) &&
    common.every((node) => isSame(earlier.truncations[node]!, later.truncations[node]!));
}

/** The ids by table. */
async function idsOf(
  session: Session,
  keyspace: string,
  tables: readonly { name: string }[],
): Promise<Record<string, string>> {
  const { rows } = await session.run(
    "SELECT table_name, id FROM system_schema.tables WHERE keyspace_name = ?",
    [keyspace],
  );
  const stored = new Map(rows.map((row) => [row["table_name"] as string, String(row["id"])]));
  return Object.fromEntries(tables.map(({ name }) => {
    const id = stored.get(name);
    if (id === undefined) throw missing(name);
    return [name, id];
  }));
}

/** The records of TRUNCATE by table id, of each node that answers. */
async function truncated(session: Session): Promise<[node: string, Map<string, string>][]> {
  const client = await session.client();
  const up = client.hosts.values().filter((host) => host.isUp())
    .sort((a, b) => a.address < b.address ? -1 : 1).slice(0, MAX_NODES);
  const answers = await Promise.all(
    up.map(async (host): Promise<[string, Map<string, string>][]> => {
      try {
        const { rows: [row] } = await client.execute(
          "SELECT host_id, truncated_at FROM system.local",
          [],
          { host, prepare: false, isIdempotent: true },
        );
        const records = Object.entries((row?.["truncated_at"] ?? {}) as Record<string, Uint8Array>);
        const hex = records.map(([id, bytes]): [string, string] => [id, bytes.toHex()]);
        return [[String(row?.["host_id"]), new Map(hex)]];
      } catch {
        // The other nodes are enough.
        return [];
      }
    }),
  );
  return answers.flat();
}

function missing(table: string): Failure {
  const text = `Cannot write rows of table "${table}": it was dropped`;
  return new Failure("storage", "table-changed", text, {
    hint: "The table is created again, and the file is retried.",
    details: PASSING,
  });
}
