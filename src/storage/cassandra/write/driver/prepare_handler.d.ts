import type { Client } from "cassandra-driver";

/** A prepared statement. */
export interface Prepared {
  queryId: Uint8Array;
  meta: { columns: { name: string; type: { code: number } }[] };
}

/** Of the driver's lib/metadata/index.js: the cache of prepared statements. */
export interface PreparedStatements {
  /** Without an id it is prepared at its next use. */
  getPreparedInfo(keyspace: string | undefined, query: string): { queryId: Uint8Array | null };
}

/** Of the driver's lib/prepare-handler.js: prepares statements and caches them. */
declare const handler: {
  getPrepared(
    client: Client,
    policy: unknown,
    query: string,
    keyspace: string | undefined,
  ): Promise<Prepared>;
};
export default handler;
