import type { Bench } from "./bench.ts";

/** Measures one property of the program; each line has a number and its goal. */
export type Measure = (bench: Bench) => Promise<Line[]>;

/** The goal for the ratio, or for the number if there is no peer. */
export interface Target {
  is: "at least" | "at most";
  value: number;
}

/** One line of the results. */
export interface Line {
  measure: string;
  unit: string;
  /** Median of {@link runs}. */
  ours: number;
  peer: number | null;
  /** The median of ours / peer over the rounds. */
  ratio: number | null;
  target: Target | null;
  /** Null if there is no goal. */
  ok: boolean | null;
  /** Describes the peer and what the number includes. */
  note: string;
  /** The single rounds. */
  runs: { ours: number[]; peer: number[] };
}

export interface LineParts {
  unit: string;
  ours: number[];
  /** The peer's results of the same rounds, if there is a peer. */
  peer?: number[];
  target?: Target;
  note: string;
}

/**
 * Builds a line from the numbers of all rounds.
 *
 * @example
 * ```ts
 * import { lineOf } from "./line.ts";
 * lineOf("ingest", { unit: "rows/s", ours: [3], peer: [4], note: "" }).ratio; // 0.75
 * ```
 */
export function lineOf(measure: string, parts: LineParts): Line {
  const { unit, ours, peer = [], target = null, note } = parts;
  const ratio = peer.length === 0 ? null : median(ours.map((value, i) => value / peer[i]!));
  const judged = ratio ?? median(ours);
  return {
    measure,
    unit,
    ours: median(ours),
    peer: peer.length === 0 ? null : median(peer),
    ratio,
    target,
    ok: target && (target.is === "at least" ? judged >= target.value : judged <= target.value),
    note,
    runs: { ours, peer },
  };
}

/** The median. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Runs each side once a round. The order rotates, so that the effects of one side do not always hit
 * the same other side.
 *
 * @returns each side's results, by round
 */
export async function inTurns<S extends Record<string, (round: number) => Promise<unknown>>>(
  rounds: number,
  sides: S,
): Promise<{ [K in keyof S]: Awaited<ReturnType<S[K]>>[] }> {
  const names: (keyof S)[] = Object.keys(sides);
  const results = Object.fromEntries(names.map((name) => [name, [] as unknown[]]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]! as string;
      results[name]!.push(await sides[name]!(round));
    }
  }
  return results as { [K in keyof S]: Awaited<ReturnType<S[K]>>[] };
}

/** Prints the lines as a table. */
export function printTable(lines: readonly Line[]): void {
  const head = ["measure", "ours", "peer", "unit", "ratio", "target", "ok?", "what"];
  const rows = lines.map((line) => [
    line.measure,
    shown(line.ours),
    shown(line.peer),
    line.unit,
    line.ratio === null ? "-" : line.ratio.toFixed(2),
    line.target === null ? "-" : `${line.target.is} ${shown(line.target.value)}`,
    line.ok === null ? "-" : line.ok ? "yes" : "NO",
    line.note,
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  for (const row of [head, ...rows]) {
    console.log(row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
  }
}

function shown(value: number | null): string {
  if (value === null) return "-";
  return value >= 100 ? Math.round(value).toLocaleString("en") : String(+value.toPrecision(3));
}
