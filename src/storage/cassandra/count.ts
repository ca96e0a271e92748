import { quoted } from "./names.ts";
import type { Session } from "./session.ts";
import { partitionKeyOf } from "./tables.ts";

/** Parts of the ring that are counted one after the other: each must end before a read times out. */
const PARTS = 16;
const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** The rows of a table. It reads all of it, part by part. */
export async function countTableRows(
  session: Session,
  keyspace: string,
  table: string,
): Promise<number> {
  const key = (await partitionKeyOf(session, keyspace, table)).map(quoted).join(", ");
  const query = `SELECT count(*) AS rows FROM ${quoted(keyspace)}.${quoted(table)}
                 WHERE token(${key}) >= ? AND token(${key}) <= ?`;
  const step = (MOST - LEAST) / BigInt(PARTS);
  let sum = 0;
  for (let part = 0; part < PARTS; part++) {
    const from = LEAST + step * BigInt(part) + (part === 0 ? 0n : 1n);
    const to = part === PARTS - 1 ? MOST : LEAST + step * BigInt(part + 1);
    const { rows } = await session.run(query, [from, to]);
    sum += Number(rows[0]?.["rows"] ?? 0);
  }
  return sum;
}
