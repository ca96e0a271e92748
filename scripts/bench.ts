/**
 * `deno task bench [MEASURE…] [--json] [--rounds N] [--rows N] [--megabytes N]`: measures the
 * program against its peers on this machine. Exits with 1 if a goal is missed.
 *
 * `deno task bench csv --pollock DIR [--json]`: scores how well the polluted CSV files of a folder are
 * read.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { makeBench } from "./bench/bench.ts";
import { measureCassandra, measureCassandraMemory } from "./bench/cassandra.ts";
import { measureIngest } from "./bench/ingest.ts";
import { measureLatency } from "./bench/latency.ts";
import { type Measure, printTable } from "./bench/line.ts";
import { measureMemory } from "./bench/memory.ts";
import { printScores, scorePollock } from "./bench/pollock.ts";
import { findBinary, MissingTool } from "./bench/processes.ts";
import { measureSandbox } from "./bench/sandbox.ts";
import { measureUpload } from "./bench/upload.ts";

const MEASURES: Record<string, Measure> = {
  ingest: measureIngest,
  sandbox: measureSandbox,
  latency: measureLatency,
  upload: measureUpload,
  memory: measureMemory,
  cassandra: measureCassandra,
  "cassandra-memory": measureCassandraMemory,
};
/** The default measures; those that take minutes and need Java are not among them. */
const USUAL = ["ingest", "sandbox", "latency", "upload", "memory"];

const USAGE = `Usage: deno task bench [${Object.keys(MEASURES).join("|")}]… [options]

       deno task bench csv --pollock DIR [--json]

Default: ${
  USUAL.join(", ")
}. The measures of Cassandra need Java and Maven, and download their peers.

  --pollock DIR  the CSV files to score, in the form of the Pollock benchmark (VLDB 2023): csv/NAME,
                 clean/NAME, parameters/NAME_parameters.json and, for the weighted score, weights.json
  --json         one JSON document instead of a table
  --rounds N     rounds, in which the sides take turns (default: 3)
  --rows N       rows of the files for "ingest", "sandbox" and "cassandra" (default: 1000000)
  --megabytes N  size of the files for "upload" and "memory" (default: 1000)

MYSIMBDP_BINARY is the binary (default: dist/mysimbdp, built if it is missing or stale).`;

interface Options {
  names: string[];
  /** The folder to score, for the measure "csv". */
  pollock: string | null;
  json: boolean;
  rounds: number;
  rows: number;
  megabytes: number;
}

function readOptions(): Options {
  const number = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      pollock: { type: "string" },
      rounds: number,
      rows: number,
      megabytes: number,
    },
  });
  const { pollock = null } = values;
  const isCsv = positionals.length === 1 && positionals[0] === "csv";
  if (isCsv !== (pollock !== null)) throw new TypeError("csv and --pollock need each other");
  const unknown = positionals.find((name) => !isCsv && !Object.hasOwn(MEASURES, name));
  if (unknown !== undefined) throw new TypeError(`unknown measure "${unknown}"`);
  return {
    names: positionals.length > 0 ? positionals : USUAL,
    pollock,
    json: values.json ?? false,
    rounds: wholeNumber("rounds", values.rounds, 3),
    rows: wholeNumber("rows", values.rows, 1_000_000),
    megabytes: wholeNumber("megabytes", values.megabytes, 1000),
  };
}

function wholeNumber(name: string, value: string | undefined, otherwise: number): number {
  const number = Number(value ?? otherwise);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new TypeError(`--${name} must be a positive integer, not "${value}"`);
}

/** @returns the exit code */
async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  const { names, json, pollock, ...sizes } = options;
  if (pollock !== null) {
    const scores = await scorePollock(pollock);
    if (json) console.log(JSON.stringify(scores));
    else printScores(scores);
    return 0;
  }
  const program = await findBinary();
  await using bench = await makeBench(program, sizes);
  const skipped: { measure: string; why: string }[] = [];
  const lines = [];
  for (const name of names) {
    try {
      lines.push(...await MEASURES[name]!(bench));
    } catch (error) {
      if (!(error instanceof MissingTool)) throw error;
      skipped.push({ measure: name, why: error.message });
    }
  }
  if (json) console.log(JSON.stringify({ machine: bench.machine, ...sizes, lines, skipped }));
  else printTable(lines);
  for (const { measure, why } of skipped) console.error(`${measure}: skipped, ${why}`);
  return lines.some((line) => line.ok === false) ? 1 : 0;
}

Deno.exitCode = await main();
