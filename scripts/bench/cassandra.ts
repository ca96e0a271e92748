import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { Node, type Sums } from "./cassandra/node.ts";
import { copyPeer, dsbulkPeer, insertPeer, loopPeer, type Peer } from "./cassandra/peers.ts";
import { Setting } from "./cassandra/setting.ts";
import { inTurns, type Line, lineOf, type Target } from "./line.ts";
import { watchMemory } from "./process_memory.ts";
import { MissingTool, settle } from "./processes.ts";
import { type MadeFile, writeCsv } from "./rows.ts";

/** The partitions that an unlogged batch can have without a warning by default. */
const LOOP_PARTITIONS = 10;
/** About the number that we send. */
const LOOP_ROWS_IN_PARTITION = 400;
/** The rows of the slowest peer; its time for all rows is extrapolated. */
const INSERTED_ROWS = 10_000;
const MOST_MEMORY_MB = 400;
/** Each row is its own partition. */
const SINGLE_MODULE = join(import.meta.dirname ?? ".", "tenant_single");

type Seconds = Record<string, number[]>;

/** Measures a staged file through the sandbox into a real Cassandra, against programs for loading it. */
export async function measureCassandra(bench: Bench): Promise<Line[]> {
  await using node = await Node.start();
  bench.machine["cassandra"] = node.version;
  const { address } = node;
  const copy = () => copyPeer(address, bench.folder);
  const small = await writeCsv(join(bench.folder, "small.csv"), {
    rows: Math.max(1, Math.round(bench.rows / 10)),
  });
  const large = await writeCsv(join(bench.folder, "large.csv"), { rows: bench.rows });
  const log = new WarningLog(node);

  const single = await peersOf(bench, [
    copy,
    () => dsbulkPeer(address, bench.folder),
    () => insertPeer(address, INSERTED_ROWS),
    () => Promise.resolve(loopPeer(address, LOOP_PARTITIONS)),
  ]);
  const narrow = new Setting(bench, node, { shape: "s", module: SINGLE_MODULE });
  const [fewer, more] = await inSetting(narrow, async () => [
    await compare(bench, { node, log, setting: narrow, file: small, peers: single }),
    await compare(bench, { node, log, setting: narrow, file: large, peers: single }),
  ]);
  const grouped = await peersOf(bench, [
    copy,
    () => Promise.resolve(loopPeer(address, LOOP_ROWS_IN_PARTITION)),
  ]);
  const wide = new Setting(bench, node, { shape: "w" });
  const inPartitions = await inSetting(
    wide,
    () => compare(bench, { node, log, setting: wide, file: large, peers: grouped }),
  );

  const targets = { COPY: 2.5, DSBulk: 6, INSERT: 25 };
  return [
    ...linesOf("cassandra", { file: small, seconds: fewer!, peers: single, targets }),
    ...linesOf("cassandra", { file: large, seconds: more!, peers: single, targets }),
    ...linesOf("cassandra, 8 partitions", {
      ...{ file: large, seconds: inPartitions, peers: grouped },
      targets: { COPY: 3.5 },
    }),
    lineOf("cassandra growth", {
      unit: "rows/s",
      ours: more!["ours"]!.map((seconds) => large.rows / seconds),
      peer: fewer!["ours"]!.map((seconds) => small.rows / seconds),
      target: { is: "at least", value: 0.9 },
      note: `${large.rows} rows against ${small.rows} rows, both ours`,
    }),
    ...log.lines(),
  ];
}

/** Measures the peak memory of `manage` with its sandbox while a large file goes into Cassandra. */
export async function measureCassandraMemory(bench: Bench): Promise<Line[]> {
  await using node = await Node.start();
  const file = await writeCsv(
    join(bench.folder, "memory.csv"),
    { bytes: bench.megabytes * 1e6 },
    2,
  );
  const setting = new Setting(bench, node, { shape: "m", module: SINGLE_MODULE });
  return await inSetting(setting, async () => {
    let watched: ReturnType<typeof watchMemory> | null = null;
    const seconds = await setting.ingest(file, (pid) => watched = watchMemory(pid));
    const peaks = watched!.stop();
    const { rows } = await node.sums(setting.table);
    if (rows !== file.rows) throw new Error(`${rows} of ${file.rows} rows were ingested`);
    return [lineOf("memory of manage (cassandra)", {
      unit: "MB",
      ours: [peaks.rss],
      target: { is: "at most", value: MOST_MEMORY_MB },
      note: `peak resident with its sandbox, while ${bench.megabytes} MB are ingested ` +
        `(${file.rows} rows in ${seconds.toFixed(0)} s)`,
    })];
  });
}

async function inSetting<T>(setting: Setting, work: () => Promise<T>): Promise<T> {
  try {
    await setting.prepare();
    return await work();
  } finally {
    await setting.remove();
  }
}

/** The available peers; the missing ones are reported. */
async function peersOf(bench: Bench, makers: (() => Promise<Peer>)[]): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const make of makers) {
    try {
      const peer = await make();
      peers.push(peer);
      bench.machine[peer.name] = peer.version;
    } catch (error) {
      if (!(error instanceof MissingTool)) throw error;
      bench.say(`cassandra: a peer is skipped, ${error.message}`);
    }
  }
  return peers;
}

interface Comparison {
  node: Node;
  log: WarningLog;
  setting: Setting;
  file: MadeFile;
  peers: Peer[];
}

/** Each side loads the file into the same empty table; all checksums must be equal. */
async function compare(bench: Bench, parts: Comparison): Promise<Seconds> {
  const { node, log, setting, file, peers } = parts;
  const found = new Map<string, Sums>();
  const side = (name: string, load: () => Promise<number>) => async (round: number) => {
    await node.truncate(setting.table);
    await settle();
    await node.quiet();
    const seconds = await load();
    found.set(`${name} ${round}`, await node.sums(setting.table));
    const rate = Math.round(file.rows / seconds).toLocaleString("en");
    bench.say(`cassandra ${round + 1}: ${file.rows} rows, ${name} ${rate} rows/s`);
    return seconds;
  };
  // The first load of a size is a third slower for any side.
  await setting.ingest(file);
  const results = await inTurns(bench.rounds, {
    ours: side("ours", () => log.during(() => setting.ingest(file))),
    ...Object.fromEntries(
      peers.map(({ name, load }) => [name, side(name, () => load(setting.table, file))]),
    ),
  });
  checkSums(found, file);
  return results as Seconds;
}

function checkSums(found: Map<string, Sums>, file: MadeFile): void {
  const whole = [...found].filter(([name]) => !name.startsWith("INSERT"));
  const kinds = new Set(whole.map(([, sums]) => JSON.stringify(sums)));
  const isWhole = whole.every(([, { rows }]) => rows === file.rows);
  if (kinds.size === 1 && isWhole) return;
  throw new Error(`the tables differ: ${JSON.stringify(Object.fromEntries(found))}`);
}

const WHAT: Record<string, string> = {
  COPY: "whole `cqlsh COPY FROM`",
  DSBulk: "whole `dsbulk load` with its JVM's start",
  INSERT: `one synchronous INSERT a row, the loop alone, reckoned from ${INSERTED_ROWS} rows`,
  loop: "the bound: prepared batches by the bare driver from values in memory, the loop alone",
};

function linesOf(
  measure: string,
  { file, seconds, peers, targets }: {
    file: MadeFile;
    seconds: Seconds;
    peers: Peer[];
    targets: Record<string, number>;
  },
): Line[] {
  const rates = (name: string) => seconds[name]!.map((each) => file.rows / each);
  return peers.map(({ name, version }) => {
    const value = targets[name];
    const target: Target | null = value === undefined ? null : { is: "at least", value };
    return lineOf(`${measure} (${name})`, {
      unit: "rows/s",
      ours: rates("ours"),
      peer: rates(name),
      ...(target && { target }),
      note: `${file.rows} rows, whole \`manage --once\`; peer: ${WHAT[name]}, ${version}`,
    });
  });
}

/** The warnings of the server during our load. */
class WarningLog {
  readonly #node: Node;
  #lines: string[] | null = [];

  constructor(node: Node) {
    this.#node = node;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const log = this.#node.listen();
    const result = await work();
    if (log === null) this.#lines = null;
    else this.#lines?.push(...log.warnings());
    return result;
  }

  /** Null if the log is on another machine. */
  lines(): Line[] {
    if (this.#lines === null) return [];
    const first = this.#lines.length > 0 ? `; the first: ${this.#lines[0]}` : "";
    return [lineOf("cassandra warnings", {
      unit: "lines",
      ours: [this.#lines.length],
      target: { is: "at most", value: 0 },
      note: `in the server's log while ours is loading${first}`,
    })];
  }
}
