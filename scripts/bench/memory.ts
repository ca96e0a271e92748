import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { type Line, lineOf } from "./line.ts";
import { Platform } from "./platform.ts";
import { type Peaks, watchMemory } from "./process_memory.ts";
import { settle, timed } from "./processes.ts";
import { writeCsv } from "./rows.ts";

const TARGET = { is: "at most", value: 300 } as const;

/** Measures the peak memory of `serve`, and of `manage` with its sandbox, during a large CSV file. */
export async function measureMemory(bench: Bench): Promise<Line[]> {
  if (Deno.build.os !== "linux") {
    bench.say("memory: skipped, it is read from Linux's /proc");
    return [];
  }
  const dir = join(bench.folder, "memory-dir");
  await Deno.mkdir(dir);
  bench.say(`memory: a CSV file of ${bench.megabytes} MB`);
  const size = bench.megabytes * 1e6;
  const file = await writeCsv(join(dir, "large.csv"), { bytes: size }, 2);
  const platform = await Platform.make(bench, "memory");

  const serving = await whileUploading(bench, platform, dir);
  await platform.clearStaging();
  await platform.stage(file);
  await settle();
  let watched: { stop(): Peaks } | null = null;
  const args = ["manage", "--once", "--data", platform.data];
  const { seconds } = await timed(bench.program, args, (pid) => watched = watchMemory(pid));
  const managing = watched!.stop();
  const rows = Number(platform.query("SELECT count(*) AS rows FROM strikes")?.["rows"]);
  if (rows !== file.rows) throw new Error(`${rows} of ${file.rows} rows were ingested`);
  await platform.remove();
  await Deno.remove(file.path);
  return [
    ...linesOf("serve", serving, `while ${bench.megabytes} MB are uploaded`),
    ...linesOf(
      "manage",
      managing,
      `with its sandbox, while ${bench.megabytes} MB are ingested ` +
        `(${file.rows} rows in ${seconds.toFixed(0)} s)`,
    ),
  ];
}

async function whileUploading(bench: Bench, platform: Platform, dir: string): Promise<Peaks> {
  await using serve = platform.serve();
  const server = await serve.address();
  const watch = watchMemory(serve.pid);
  await timed(bench.program, platform.fetchArguments(server, dir));
  return watch.stop();
}

function linesOf(name: string, peaks: Peaks, what: string): Line[] {
  const each = peaks.processes.map(({ command, rss }) => `${command} ${rss.toFixed(0)}`);
  const parts = each.length > 1 ? `; highest of each: ${each.join(", ")}` : "";
  return [
    lineOf(`memory of ${name}`, {
      unit: "MB",
      ours: [peaks.rss],
      target: TARGET,
      note: `peak resident ${what}${parts}`,
    }),
    lineOf(`memory of ${name} (PSS)`, {
      unit: "MB",
      ours: [peaks.pss],
      note: "the same with shared pages counted once",
    }),
  ];
}
