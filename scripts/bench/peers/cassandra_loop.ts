/**
 * An upper bound for loading Cassandra: prepared, unlogged batches of values in memory. Arguments: address, user, password, table, CSV file, rows a batch, batches in flight.
 * Prints the seconds of the loop alone.
 *
 * With more than ten rows a batch they are grouped by the second column, the partition, and sorted by
 * the third and the first, the clustering key, which is the fastest order for the node.
 *
 * @module
 */
import { Client, types } from "cassandra-driver";
import { readFileSync } from "node:fs";

const [address = "", user = "", password = "", table = "", path = "", ...numbers] = Deno.args;
const [rowsABatch = 10, inFlight = 128] = numbers.map(Number);
const NUMBERS = new Set(["speed", "height", "cost"]);

const [head = "", ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
const columns = head.split(",");
const query = `INSERT INTO ${table} (${columns.join(",")}) VALUES (${columns.map(() => "?")})`;
const items = lines.map((line) => ({
  query,
  params: line.split(",").map((text, c) => NUMBERS.has(columns[c]!) ? Number(text) : text),
}));
const clustering = ({ params }: (typeof items)[number]) => `${params[2]} ${params[0]}`;
const partitions = rowsABatch <= 10
  ? [items]
  : [...Map.groupBy(items, ({ params }) => params[1]).values()].map((rows) =>
    rows.map((row) => ({ ...row, key: clustering(row) })).sort((a, b) => a.key < b.key ? -1 : 1)
  );
const batches: (typeof items)[] = [];
for (let at = 0; partitions.some((rows) => at < rows.length); at += rowsABatch) {
  for (const rows of partitions) {
    if (at < rows.length) batches.push(rows.slice(at, at + rowsABatch));
  }
}

const client = new Client({
  contactPoints: [address],
  localDataCenter: "datacenter1",
  credentials: { username: user, password },
});
await client.connect();
const options = {
  prepare: true,
  logged: false,
  consistency: types.consistencies.localQuorum,
  isIdempotent: true,
};
let next = 0;
const begun = performance.now();
await Promise.all(Array.from({ length: inFlight }, async () => {
  while (next < batches.length) await client.batch(batches[next++]!, options);
}));
console.log((performance.now() - begun) / 1000);
await client.shutdown();
