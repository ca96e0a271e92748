import type { Bench } from "./bench.ts";

/** Measures one promise of the program; each line is a number and what is asked of it. */
export type Measure = (bench: Bench) => Promise<Line[]>;

/** What a ratio, or where there is no peer the number itself, must be. */
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
  /** Median of ours / peer, each of one round. */
  ratio: number | null;
  target: Target | null;
  /** Null where nothing is asked: the line is for information. */
  ok: boolean | null;
  /** Who the peer is, and what is in the number. */
  note: string;
  /** The single rounds. */
  runs: { ours: number[]; peer: number[] };
}

export interface LineParts {
  unit: string;
  ours: number[];
  /** Of the same rounds, where there is a peer. */
  peer?: number[];
  target?: Target;
  note: string;
}

/**
 * Makes a line of the numbers of all rounds.
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

/** The middle one of some numbers; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Runs each side once a round. Who is first goes round, so that whatever one side leaves behind is
 * not always met by the same other one.
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

/** Prints the lines for people. */
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
