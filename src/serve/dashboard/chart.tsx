import type { Throughput } from "../../protocol/admin_view.ts";
import { formatCount } from "../../base/count.ts";
import { bytes, count } from "./format.ts";
import { Time } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";

/** Scripts and styles of a page with a chart. */
export const CHART_SCRIPTS = ["uplot.min.js", "chart.js"];
export const CHART_STYLES = ["uplot.min.css"];

/**
 * Rows over time. A script draws the numbers of the table below the chart; the table is for readers
 * who cannot see the chart or do not run scripts.
 */
export function ThroughputChart({ buckets, seconds }: { buckets: Throughput[]; seconds: number }) {
  return (
    <>
      <p class="muted small" id="chart-words" data-live>{inWords(buckets)}</p>
      <div class="plot" id="plot" role="img" aria-labelledby="throughput chart-words"></div>
      <details>
        <summary>Show as a table</summary>
        <div id="chart-numbers" data-live data-plot={dataOf(buckets, seconds)}>
          <Table columns={COLUMNS} items={buckets.filter(({ files }) => files > 0).reverse()} />
        </div>
      </details>
    </>
  );
}

const COLUMNS: Column<Throughput>[] = [
  { name: "From", cell: ({ at }) => <Time at={at} /> },
  { name: "Rows", kind: "num", cell: ({ rows }) => count(rows) },
  { name: "Rejected", kind: "num", cell: ({ rejected }) => count(rejected) },
  { name: "Files", kind: "num", cell: ({ files }) => count(files) },
  { name: "Failed", kind: "num", cell: ({ failed }) => count(failed) },
  { name: "Size", kind: "num", cell: (bucket) => bytes(bucket.bytes) },
];

/** The chart in one sentence. */
function inWords(buckets: Throughput[]): string {
  const sum = (key: "rows" | "rejected" | "files", noun: string) =>
    formatCount(buckets.reduce((all, bucket) => all + bucket[key], 0), noun);
  const [rows, rejected] = [sum("rows", "row"), sum("rejected", "record")];
  return `${rows} stored and ${rejected} rejected, from ${sum("files", "file")}.`;
}

/** The columns that the script draws, as JSON. */
function dataOf(buckets: Throughput[], seconds: number): string {
  return JSON.stringify({
    seconds,
    at: buckets.map(({ at }) => Date.parse(at) / 1000),
    rows: buckets.map(({ rows }) => rows),
    rejected: buckets.map(({ rejected }) => rejected),
  });
}
