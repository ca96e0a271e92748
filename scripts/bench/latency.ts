import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Bench } from "./bench.ts";
import { inTurns, type Line, lineOf } from "./line.ts";
import { Platform, TABLE, TENANT } from "./platform.ts";
import { needs, output, settle, timed, tool } from "./processes.ts";
import { writeCsv } from "./rows.ts";

const ROWS = 999;
const POLL_MS = 5;
const LONGEST_MS = 60_000;
const INSERT_ROWS = join(import.meta.dirname ?? ".", "peers/insert_rows.py");

/** Measures a small file from the start of `fetch` to queryable rows, against a commit for each row. */
export async function measureLatency(bench: Bench): Promise<Line[]> {
  await needs("python3");
  const platform = await Platform.make(bench, "latency");
  await using serve = platform.serve();
  await using _manage = platform.manage();
  const server = await serve.address();

  const ours = async (round: number) => {
    const dir = join(bench.folder, `latency-${round}`);
    await Deno.mkdir(dir);
    await writeCsv(join(dir, `rows-${round}.csv`), { rows: ROWS }, 100 + round);
    using rows = new RowCount(platform.layout.tenantDatabase(TENANT));
    const wanted = rows.now() + ROWS;
    await settle();
    const begun = performance.now();
    const fetched = timed(bench.program, [...platform.fetchArguments(server, dir), "--wait"]);
    const [queryable] = await Promise.all([rows.reaches(wanted, begun), fetched]);
    const whole = (await fetched).seconds;
    bench.say(
      `latency ${round + 1}: queryable after ${queryable.toFixed(3)} s, ` +
        `fetch --wait ended after ${whole.toFixed(3)} s`,
    );
    return { queryable, whole };
  };
  const insert = (journal: string) => async (round: number) => {
    const path = join(bench.folder, `python-${journal}-${round}.sqlite`);
    const csv = join(bench.folder, `python-${round}.csv`);
    await writeCsv(csv, { rows: ROWS }, 100 + round);
    await settle();
    const args = [INSERT_ROWS, path, csv, TABLE, platform.createTable(), journal];
    const seconds = Number(await output(tool("python3"), args));
    bench.say(`latency ${round + 1}: python3 (${journal}) ${seconds.toFixed(3)} s`);
    return seconds;
  };
  const sides = { ours, peer: insert("delete"), wal: insert("wal") };
  const results = await inTurns(bench.rounds, sides);
  const queryable = results.ours.map((run) => run.queryable);
  return [
    lineOf("latency", {
      unit: "s",
      ours: queryable,
      peer: results.peer,
      target: { is: "at most", value: 1 / 3 },
      note: `${ROWS} lines, start of the \`fetch\` process to rows in a query; ` +
        "peer: Python's loop of INSERT and COMMIT alone, default journal",
    }),
    lineOf("latency (WAL)", {
      unit: "s",
      ours: queryable,
      peer: results.wal,
      note: "the same against Python with journal_mode=WAL, synchronous=FULL",
    }),
    lineOf("latency (--wait)", {
      unit: "s",
      ours: results.ours.map((run) => run.whole),
      peer: results.peer,
      note: "until the process of `fetch --wait` has ended",
    }),
  ];
}

/** Counts the rows of a table. */
class RowCount implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { readOnly: true });
  }

  now(): number {
    return Number(this.#db.prepare(`SELECT count(*) AS rows FROM ${TABLE}`).get()?.["rows"]);
  }

  /** Seconds from `begun` until the table has this many rows. */
  async reaches(wanted: number, begun: number): Promise<number> {
    while (this.now() < wanted) {
      if (performance.now() - begun > LONGEST_MS) throw new Error("the rows do not arrive");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return (performance.now() - begun) / 1000;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
