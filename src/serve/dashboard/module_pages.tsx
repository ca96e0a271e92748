import {
  canRun,
  type ModuleLogEntry,
  type ModuleView,
  type TestRun,
  type VersionSources,
} from "../../protocol/module_view.ts";
import { Form } from "./form.tsx";
import { Faults, Sources, Versions } from "./module_parts.tsx";
import { type Frame, Page } from "./page.tsx";
import { Card, Empty, Head, State, Time } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";
import { TestRunCard } from "./test_run.tsx";

/** A customer's module: its versions, a form for a new one, and its log. */
export function ModulePage({ frame, module, log }: {
  frame: Frame;
  module: ModuleView;
  log: ModuleLogEntry[];
}) {
  return (
    <Page
      {...frame}
      title="Module"
      at="/module"
      events="/v1/events"
      scripts={["module.js", "live.js"]}
    >
      <Head
        title="Module"
        lead="The code that turns your files into rows. A new version is used once it is approved."
      />
      <div class="columns">
        <Card id="versions" title="Versions" live>
          <Versions module={module} base="/module" />
        </Card>
        <Card id="submit" title="New version">
          <Form id="submit-module" submit="Submit" tone="primary">
            <label>
              Module folder
              <input type="file" name="files" webkitdirectory multiple required />
              <span class="hint">
                It contains{" "}
                <code>tenant.json</code>. The module is built and checked before it can be approved.
              </span>
            </label>
          </Form>
        </Card>
      </div>
      <Card id="log" title="Log" live>
        <Table columns={LOG_COLUMNS} items={log} empty={<Empty title="No entries yet" />} />
      </Card>
    </Page>
  );
}

const LOG_COLUMNS: Column<ModuleLogEntry>[] = [
  { name: "Time", cell: ({ at }) => <Time at={at} /> },
  {
    name: "About",
    cell: ({ kind, version, fileId, file }) =>
      fileId ? <a href={`/files/${fileId}`}>{file}</a> : version ?? kind,
  },
  { name: "Message", kind: "wide", cell: ({ message }) => message },
];

/** One version of a customer's module. */
export function VersionPage({ frame, shown, testRun }: {
  frame: Frame;
  shown: VersionSources;
  testRun: TestRun | null;
}) {
  const isRunnable = canRun(shown.state);
  return (
    <Page
      {...frame}
      title={shown.version}
      at="/module"
      events="/v1/events"
      scripts={isRunnable ? ["test_run.js", "live.js"] : ["live.js"]}
    >
      <Head title={shown.version} crumbs={<a href="/module">Module</a>}>
        <div id="state" data-live>
          <State state={shown.state} />
        </div>
      </Head>
      <div class="stack" id="faults" data-live>
        <Faults version={shown} />
        {shown.note && <p class="notice">{shown.decidedBy}: {shown.note}</p>}
      </div>
      {isRunnable && <TestRunCard version={shown.version} testRun={testRun} />}
      <Sources sources={shown.sources} base={`/module/${shown.version}`} />
    </Page>
  );
}
