import type {
  ModuleLogEntry,
  ModuleView,
  TestRun,
  VersionWithFiles,
} from "../../protocol/module_view.ts";
import { Faults, Sources, Versions } from "./module_parts.tsx";
import { Page, type Viewer } from "./page.tsx";
import { State, Time } from "./parts.tsx";
import { TestRunCard } from "./test_run.tsx";

/** A customer's module: its versions, a form for a new one, and its log. */
export function ModulePage({ version, viewer, module, log }: {
  version: string;
  viewer: Viewer;
  module: ModuleView;
  log: ModuleLogEntry[];
}) {
  return (
    <Page
      title="Module"
      version={version}
      viewer={viewer}
      at="/module"
      events="/v1/events"
      scripts={["module.js", "live.js"]}
    >
      <div class="head">
        <div>
          <h1>Module</h1>
          <p class="lead">
            The code that turns your files into rows. A new version is used once it is approved.
          </p>
        </div>
      </div>
      <div class="columns">
        <section class="card" aria-labelledby="versions" id="versions-card" data-live>
          <header>
            <h2 id="versions">Versions</h2>
          </header>
          <Versions module={module} base="/module" />
        </section>
        <section class="card" aria-labelledby="submit">
          <header>
            <h2 id="submit">New version</h2>
          </header>
          <form class="body" id="submit-module">
            <label>
              Module folder
              <input type="file" name="files" webkitdirectory multiple required />
              <span class="hint">
                It contains{" "}
                <code>tenant.json</code>. The module is built and checked before it can be approved.
              </span>
            </label>
            <div class="actions">
              <button class="primary" type="submit">Submit</button>
            </div>
            <output aria-live="polite"></output>
          </form>
        </section>
      </div>
      <section class="card" aria-labelledby="log" id="log-card" data-live>
        <header>
          <h2 id="log">Log</h2>
        </header>
        <Log entries={log} />
      </section>
    </Page>
  );
}

function Log({ entries }: { entries: ModuleLogEntry[] }) {
  if (entries.length === 0) {
    return (
      <div class="empty">
        <strong>No entries yet</strong>
      </div>
    );
  }
  return (
    <div class="scroll">
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">About</th>
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ at, kind, version, fileId, file, message }) => (
            <tr>
              <td data-label="Time">
                <Time at={at} />
              </td>
              <td data-label="About">
                {fileId ? <a href={`/files/${fileId}`}>{file}</a> : version ?? kind}
              </td>
              <td class="wide">{message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** One version of a customer's module. */
export function VersionPage({ version, viewer, shown, testRun }: {
  version: string;
  viewer: Viewer;
  shown: VersionWithFiles;
  testRun: TestRun | null;
}) {
  const canRun = shown.state !== "checking" && shown.state !== "faulty";
  return (
    <Page
      title={shown.version}
      version={version}
      viewer={viewer}
      at="/module"
      events="/v1/events"
      scripts={canRun ? ["test_run.js", "live.js"] : ["live.js"]}
    >
      <div class="head">
        <div>
          <p class="crumbs">
            <a href="/module">Module</a>
          </p>
          <h1>{shown.version}</h1>
        </div>
        <div id="state" data-live>
          <State state={shown.state} />
        </div>
      </div>
      <div class="stack" id="faults" data-live>
        <Faults version={shown} />
        {shown.note && <p class="notice">{shown.decidedBy}: {shown.note}</p>}
      </div>
      {canRun && <TestRunCard version={shown.version} testRun={testRun} />}
      <Sources files={shown.files} />
    </Page>
  );
}
