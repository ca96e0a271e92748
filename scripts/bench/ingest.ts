import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { inTurns, type Line, lineOf } from "./line.ts";
import { Platform, queryOne, TABLE } from "./platform.ts";
import { needs, output, settle, timed } from "./processes.ts";
import { type MadeFile, writeCsv } from "./rows.ts";

/** Checksums to compare both tables; integers, so that the order of the sums does not matter. */
const CHECK = `SELECT count(*) AS rows, sum(speed) AS speed, sum(height) AS height,
  sum(length(remark)) AS remark, count(DISTINCT id) AS ids, total(CAST(cost * 100 + 0.5 AS INT)) AS cost
  FROM ${TABLE}`;

/** Measures a staged file through the sandbox into SQLite, against the import of SQLite's shell. */
export async function measureIngest(bench: Bench): Promise<Line[]> {
  const shell = await needs("sqlite3");
  bench.say(`ingest: a file of ${bench.rows} rows`);
  const file = await writeCsv(join(bench.folder, "ingest.csv"), { rows: bench.rows });
  let createTable: string | null = null;
  const checks = new Set<string>();

  const ours = async (round: number) => {
    const platform = await Platform.make(bench, `ingest-${round}`);
    await platform.stage(file);
    await settle();
    const { seconds } = await timed(bench.program, ["manage", "--once", "--data", platform.data]);
    const ledger = Number(
      queryOne(platform.layout.ledger, "SELECT seconds FROM files WHERE state = 'ingested'")
        ?.["seconds"],
    );
    checks.add(JSON.stringify(platform.query(CHECK)));
    createTable = platform.createTable();
    await platform.remove();
    bench.say(`ingest ${round + 1}: ours ${seconds.toFixed(2)} s, ledger ${ledger.toFixed(2)} s`);
    return { seconds, ledger };
  };
  const peer = async (round: number) => {
    if (createTable === null) {
      throw new Error("the peer's table is created like ours, so ours must run first");
    }
    const path = join(bench.folder, "import.sqlite");
    await output(shell, [path, "PRAGMA journal_mode=WAL", createTable]);
    await settle();
    const { seconds } = await timed(shell, importArguments(path, file));
    checks.add(JSON.stringify(queryOne(path, CHECK)));
    await Deno.remove(path);
    bench.say(`ingest ${round + 1}: sqlite3 ${seconds.toFixed(2)} s`);
    return seconds;
  };

  const results = await inTurns(bench.rounds, { ours, peer });
  await Deno.remove(file.path);
  const [check] = checks;
  if (checks.size !== 1 || JSON.parse(check!).rows !== file.rows) {
    throw new Error(`the tables differ: ${[...checks].join(" and ")}`);
  }
  const rate = (seconds: number) => file.rows / seconds;
  const imported = results.peer.map(rate);
  return [
    lineOf("ingest", {
      unit: "rows/s",
      ours: results.ours.map(({ seconds }) => rate(seconds)),
      peer: imported,
      target: { is: "at least", value: 0.5 },
      note: "whole `manage --once`; peer: sqlite3 .import, same table, WAL, synchronous=FULL",
    }),
    lineOf("ingest (ledger)", {
      unit: "rows/s",
      ours: results.ours.map(({ ledger }) => rate(ledger)),
      peer: imported,
      note: "the ledger's seconds: without start, ledger and archive",
    }),
  ];
}

function importArguments(path: string, file: MadeFile): string[] {
  return [path, "PRAGMA synchronous=FULL", `.import --csv --skip 1 '${file.path}' ${TABLE}`];
}
