import type { TestRun } from "../../protocol/module_view.ts";
import { count, counted } from "./format.ts";

/** A form for a test run of a version on a sample, and the result of the last test run. */
export function TestRunCard({ version, testRun }: { version: string; testRun: TestRun | null }) {
  return (
    <section class="card" aria-labelledby="test-run">
      <header>
        <h2 id="test-run">Test run</h2>
      </header>
      <form class="body" id="try" data-version={version}>
        <label>
          Sample file
          <input type="file" name="sample" required />
          <span class="hint">Up to 1 MB. The module runs in the sandbox; nothing is stored.</span>
        </label>
        <div class="actions">
          <button class="primary" type="submit">Start test run</button>
        </div>
        <output aria-live="polite"></output>
      </form>
      <div id="test-run-result" data-live>
        {testRun && <Result testRun={testRun} />}
      </div>
    </section>
  );
}

function Result({ testRun }: { testRun: TestRun }) {
  if (testRun.state === "waiting") {
    return (
      <div class="body">
        <p class="notice">Running {testRun.name} …</p>
      </div>
    );
  }
  const { counts, failure } = testRun;
  return (
    <>
      <div class="body">
        <p class={`notice ${failure ? "bad" : "ok"}`}>
          <strong>{testRun.name}</strong>
          {failure?.message ?? "This file would be loaded."}
        </p>
        {counts && (
          <p>
            {count(counts.read)} read = {count(counts.stored)} stored + {count(counts.rejected)}
            {" "}
            rejected + {count(counts.skipped)} skipped
          </p>
        )}
        {testRun.logs.length > 0 && <pre tabindex={0}>{testRun.logs.join("\n")}</pre>}
      </div>
      {testRun.tables.map(({ table, columns, rows, total }) => (
        <>
          <div class="body">
            <h3>{table}: {counted(total, "row")}</h3>
          </div>
          <Grid label={`Rows of ${table}`} columns={columns} rows={rows} />
        </>
      ))}
      {testRun.rejects.length > 0 && (
        <>
          <div class="body">
            <h3>Rejected records</h3>
          </div>
          <Grid
            label="Rejected records"
            columns={["line", "column", "reason", "record"]}
            rows={testRun.rejects.map((
              { line, column, reason, raw },
            ) => [String(line), column === null ? null : String(column), reason, raw])}
          />
        </>
      )}
    </>
  );
}

function Grid({ label, columns, rows }: {
  label: string;
  columns: string[];
  rows: (string | null)[][];
}) {
  if (rows.length === 0) return null;
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={label}>
      <table class="grid">
        <thead>
          <tr>{columns.map((name) => <th scope="col">{name}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => <tr>{row.map((value) => <td>{value ?? "–"}</td>)}</tr>)}
        </tbody>
      </table>
    </div>
  );
}
