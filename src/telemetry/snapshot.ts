import { join } from "node:path";
import { AggregatorRegistry, type MetricObject, type Registry } from "prom-client";
import { hostname } from "node:os";
import { makeFolders } from "../base/owner.ts";
import { writeAtomically } from "../data/durable.ts";

/** The folder in the data directory where processes write their metrics for `serve`. */
export const METRICS_FOLDER = "metrics";

/** Milliseconds after which the metrics of a process are outdated. */
const FORGOTTEN_MS = 7 * 86_400_000;

/**
 * Writes the metrics of a process to a file, which `serve` shows at `/metrics`. Counts of earlier
 * processes are added, so a restart loses nothing.
 */
export class MetricsFile {
  readonly #path: string;
  readonly #registry: Registry;
  readonly #earlier: MetricObject[];

  /** @param dataDir the data directory; a missing folder of metrics is created */
  constructor(dataDir: string, registry: Registry) {
    const folder = join(dataDir, METRICS_FOLDER);
    makeFolders(folder);
    this.#path = join(folder, `manage-${hostname().replaceAll(/[^\w.-]/g, "_")}.json`);
    this.#registry = registry;
    this.#earlier = readMetrics(this.#path) ?? [];
  }

  async write(): Promise<void> {
    const now = await this.#registry.getMetricsAsJSON() as unknown as MetricObject[];
    const sum = await aggregate([now, this.#earlier]).getMetricsAsJSON();
    // Not synced: after a power failure the counts restart, which Prometheus handles.
    await writeAtomically(this.#path, JSON.stringify(sum));
  }

  /** Marks the file as written, while a full disk prevents that: the process is running. */
  touch(): void {
    try {
      Deno.utimeSync(this.#path, new Date(), new Date());
    } catch {
      // It has not been written yet.
    }
  }
}

/** The sum of the metrics that processes wrote, and the age of the newest. */
export async function readMetricsFiles(
  dataDir: string,
  now: number,
): Promise<{ text: string; ageSeconds: number | null }> {
  const folder = join(dataDir, METRICS_FOLDER);
  const found: MetricObject[][] = [];
  let newest: number | null = null;
  for (const path of listed(folder)) {
    const written = mtimeOf(path);
    const metrics = written !== null && now - written < FORGOTTEN_MS ? readMetrics(path) : null;
    if (metrics === null) continue;
    found.push(metrics);
    newest = Math.max(newest ?? 0, written ?? 0);
  }
  if (found.length === 0) return { text: "", ageSeconds: null };
  const text = await aggregate(found).metrics();
  return { text, ageSeconds: newest === null ? null : Math.max(0, (now - newest) / 1000) };
}

function aggregate(all: MetricObject[][]): Registry {
  return AggregatorRegistry.aggregate(all.filter((metrics) => metrics.length > 0));
}

function listed(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function mtimeOf(path: string): number | null {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? null;
  } catch {
    return null;
  }
}

/** Null if the file is missing or invalid: metrics are no reason to fail. */
function readMetrics(path: string): MetricObject[] | null {
  try {
    const found: unknown = JSON.parse(Deno.readTextFileSync(path));
    return Array.isArray(found) ? found as MetricObject[] : null;
  } catch {
    return null;
  }
}
