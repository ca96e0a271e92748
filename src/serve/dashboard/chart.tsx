import type { Throughput } from "../../protocol/admin_view.ts";
import { bytes, count } from "./format.ts";
import { Time } from "./parts.tsx";

/** What a page needs beside its own to draw a chart. */
export const CHART_SCRIPTS = ["uplot.min.js", "chart.js"];
export const CHART_STYLES = ["uplot.min.css"];

/**
 * Rows over time: drawn by a script of what the table beside it carries, so that who cannot see the
 * picture, or has no script, has the same numbers.
 */
export function ThroughputChart({ buckets, seconds }: { buckets: Throughput[]; seconds: number }) {
  return (
    <>
      <p class="muted small" id="chart-words" data-live>{inWords(buckets)}</p>
      <div class="plot" id="plot" role="img" aria-labelledby="throughput chart-words"></div>
      <details>
        <summary>The numbers as a table</summary>
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

/** What the picture says, for those who do not see it. */
function inWords(buckets: Throughput[]): string {
  const sum = (key: "rows" | "rejected" | "files") =>
    count(buckets.reduce((all, bucket) => all + bucket[key], 0));
  return `${sum("rows")} rows stored and ${sum("rejected")} rejected, of ${sum("files")} files.`;
}

/** The columns that are drawn, as the script wants them. */
function dataOf(buckets: Throughput[], seconds: number): string {
  return JSON.stringify({
    seconds,
    at: buckets.map(({ at }) => Date.parse(at) / 1000),
    rows: buckets.map(({ rows }) => rows),
    rejected: buckets.map(({ rejected }) => rejected),
  });
}
