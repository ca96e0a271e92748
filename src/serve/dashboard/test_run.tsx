import type { TestRun } from "../../protocol/module_view.ts";
import { Field, Form } from "./form.tsx";
import { formatCount } from "../../base/count.ts";
import { count } from "./format.ts";
import { Card, Notices } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";

/** A form for a test run of a version on a sample, and the result of the last test run. */
export function TestRunCard({ version, testRun }: { version: string; testRun: TestRun | null }) {
  return (
    <Card id="test-run" title="Test run">
      <Form id="try" data-version={version} submit="Start test run" tone="primary">
        <Field
          label="Sample file"
          type="file"
          name="sample"
          required
          hint="Up to 1 MB. The module runs in the sandbox; nothing is stored."
        />
      </Form>
      <div id="test-run-result" data-live>
        {testRun && <Result testRun={testRun} />}
      </div>
    </Card>
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
            {count(counts.read)} read = {count(counts.stored)} stored +{" "}
            {counts.replaced > 0 && `${count(counts.replaced)} replaced + `}
            {count(counts.rejected)} rejected + {count(counts.skipped)} skipped
          </p>
        )}
        <Notices texts={testRun.notices} />
        {testRun.logs.length > 0 && <pre tabindex={0}>{testRun.logs.join("\n")}</pre>}
      </div>
      {testRun.tables.map(({ table, columns, rows, total }) => (
        <>
          <div class="body">
            <h3>{table}: {formatCount(total, "row")}</h3>
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
  const cells = columns.map((name, at): Column<(string | null)[]> => ({
    name,
    cell: (row) => row[at] ?? "–",
  }));
  return <Table columns={cells} items={rows} label={label} look="grid" empty={null} />;
}
