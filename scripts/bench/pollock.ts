import { join } from "node:path";
import { recordReader } from "../../src/sandbox/formats/record_reader.ts";
import { formatSchema } from "../../src/sandbox/wire/format_options.ts";
import { csv, type CsvOptions } from "../../src/sdk/csv.ts";
import { Failure } from "../../src/base/failure.ts";
import { type FileParameters, optionsFor } from "./pollock_options.ts";
import { cleanRows, pointsOf } from "./pollock_score.ts";

const PARAMETERS = "_parameters.json";

/** How well a folder of polluted CSV files is loaded, 0 to 10. */
export interface PollockScores {
  files: number;
  simple: number;
  /** By how often each pollution is met; null without a file `weights.json`. */
  weighted: number | null;
  /** The points of each file. */
  points: Record<string, number>;
}

/**
 * Scores a folder in the form of the Pollock benchmark (VLDB 2023): `csv/NAME`, `clean/NAME`,
 * `parameters/NAME_parameters.json`, and optionally `weights.json`. Files are read by options alone,
 * and a rejected record costs only itself.
 */
export async function scorePollock(folder: string): Promise<PollockScores> {
  const points: Record<string, number> = {};
  for (const name of await namesIn(folder)) {
    const parameters = JSON.parse(
      await Deno.readTextFile(join(folder, "parameters", name + PARAMETERS)),
    ) as FileParameters;
    const loaded = loadedRows(
      await Deno.readFile(join(folder, "csv", name)),
      optionsFor(parameters),
    );
    const clean = cleanRows(textOf(await Deno.readFile(join(folder, "clean", name))));
    points[name] = pointsOf(loaded, clean);
  }
  const names = Object.keys(points);
  const weights = await weightsIn(folder);
  return {
    files: names.length,
    simple: mean(points, () => 1),
    weighted: weights && mean(points, (name) => weights[name] ?? 0),
    points,
  };
}

/** The header, if the file has one, and the records; null if the file was refused. */
export function loadedRows(bytes: Uint8Array, options: CsvOptions): string[][] | null {
  const rows: string[][] = [];
  const format = csv(options);
  formatSchema.parse(format);
  const text = (fields: readonly unknown[]) =>
    fields.map((field) => String(field ?? "").replace(/\r\n?/g, "\n"));
  try {
    const reader = recordReader(format, {
      // Names that were invented for columns without any are not a part of the file.
      header: (names) => {
        if (options.header !== false && rows.length === 0) rows.push(text(names));
      },
      // A record may lack the last fields.
      fields: (fields) => rows.push(text(fields.slice(0, 1 + fields.findLastIndex(isPresent)))),
      value: () => {},
      fault: () => {},
      skip: () => {},
    });
    reader.push(bytes);
    reader.end();
    return rows;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

function isPresent(field: unknown): boolean {
  return field !== null;
}

/** Prints the scores, and the kinds of files that lose most. */
export function printScores({ files, simple, weighted, points }: PollockScores): void {
  console.log(`files     ${files}`);
  console.log(`simple    ${simple.toFixed(4)}`);
  if (weighted !== null) console.log(`weighted  ${weighted.toFixed(4)}`);
  const kinds = Map.groupBy(Object.keys(points), kindOf);
  const lost = [...kinds].map(([kind, names]) => {
    const sum = names.reduce((sum, name) => sum + 10 - points[name]!, 0);
    return { kind, count: names.length, lost: sum / files };
  });
  console.log("\nlost    files  kind");
  for (const { kind, count, lost: share } of lost.sort((a, b) => b.lost - a.lost).slice(0, 12)) {
    if (share >= 0.00005) console.log(`${share.toFixed(4)}  ${String(count).padStart(5)}  ${kind}`);
  }
}

/** The pollution of a generated file, by its name. */
function kindOf(name: string): string {
  const row = /^row_([a-z_]+?)_?(?:row)?(\d+)/.exec(name);
  if (row === null) return name;
  return `row_${row[1]}${Number(row[2]) === 0 ? ", of the header" : ""}`;
}

/** The files that have parameters and a clean version. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  const clean = new Set<string>();
  for await (const { name } of Deno.readDir(join(folder, "clean"))) clean.add(name);
  for await (const { name } of Deno.readDir(join(folder, "parameters"))) {
    const file = name.slice(0, -PARAMETERS.length);
    if (name.endsWith("csv" + PARAMETERS) && clean.has(file)) names.push(file);
  }
  return names.sort();
}

async function weightsIn(folder: string): Promise<Record<string, number> | null> {
  try {
    return JSON.parse(await Deno.readTextFile(join(folder, "weights.json")));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function mean(points: Record<string, number>, weightOf: (name: string) => number): number {
  let [sum, total] = [0, 0];
  for (const [name, value] of Object.entries(points)) {
    sum += value * weightOf(name);
    total += weightOf(name);
  }
  return sum / total;
}

function textOf(bytes: Uint8Array): string {
  const decoded = decode(bytes);
  return decoded.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
