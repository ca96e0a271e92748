import type { Throughput } from "../../protocol/admin_view.ts";
import { bytes, count, counted } from "./format.ts";
import { Time } from "./parts.tsx";

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
        <div class="scroll" id="chart-numbers" data-live data-plot={dataOf(buckets, seconds)}>
          <table class="stacks">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col" class="num">Rows</th>
                <th scope="col" class="num">Rejected</th>
                <th scope="col" class="num">Files</th>
                <th scope="col" class="num">Failed</th>
                <th scope="col" class="num">Size</th>
              </tr>
            </thead>
            <tbody>
              {buckets.filter(({ files }) => files > 0).reverse()
                .map((bucket) => <Bucket bucket={bucket} />)}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function Bucket({ bucket }: { bucket: Throughput }) {
  return (
    <tr>
      <td data-label="From">
        <Time at={bucket.at} />
      </td>
      <td class="num" data-label="Rows">{count(bucket.rows)}</td>
      <td class="num" data-label="Rejected">{count(bucket.rejected)}</td>
      <td class="num" data-label="Files">{count(bucket.files)}</td>
      <td class="num" data-label="Failed">{count(bucket.failed)}</td>
      <td class="num" data-label="Size">{bytes(bucket.bytes)}</td>
    </tr>
  );
}

/** The chart in one sentence. */
function inWords(buckets: Throughput[]): string {
  const sum = (key: "rows" | "rejected" | "files", noun: string) =>
    counted(buckets.reduce((all, bucket) => all + bucket[key], 0), noun);
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
