import type { Constraints } from "../../protocol/constraints.ts";
import type { FileList } from "../../protocol/file_view.ts";
import type { Usage } from "../../protocol/usage.ts";
import { FilesTable } from "./files_table.tsx";
import { bytes, count, counted } from "./format.ts";
import { Page, type Viewer } from "./page.tsx";
import { FileStateTabs, link, Stat } from "./parts.tsx";

/** What the home page of a customer shows. */
interface FilesPageProps {
  version: string;
  viewer: Viewer;
  constraints: Constraints;
  usage: Usage;
  list: FileList;
  state: string | undefined;
}

/** A customer's files, with an area to send new ones. */
export function FilesPage({ version, viewer, constraints, usage, list, state }: FilesPageProps) {
  return (
    <Page
      title="Files"
      version={version}
      viewer={viewer}
      at="/"
      events="/v1/events"
      scripts={["tus.min.js", "upload.js", "live.js"]}
    >
      <div class="head">
        <div>
          <h1>Files</h1>
          <p class="lead">The files you sent, and whether they were loaded.</p>
        </div>
      </div>
      <Numbers usage={usage} />
      <div class="columns even">
        <Drop constraints={constraints} />
        <Limits constraints={constraints} usage={usage} />
      </div>
      <section class="card" aria-labelledby="files" id="list" data-live>
        <header>
          <h2 id="files">All files</h2>
          <FileStateTabs path="/" at={state} />
        </header>
        {list.files.length === 0 ? <NoFiles state={state} /> : <FilesTable files={list.files} />}
        {list.next && (
          <div class="pager">
            <a class="button" href={link("/", { state, after: list.next })}>Older files</a>
          </div>
        )}
      </section>
    </Page>
  );
}

function Numbers({ usage: { files, rows } }: { usage: Usage }) {
  const waiting = files.received + files.queued + files.running;
  const failed = files.refused + files.quarantined;
  return (
    <dl class="stats" id="numbers" data-live>
      <Stat name="Rows stored" value={count(rows.stored)} />
      <Stat name="Records rejected" value={count(rows.rejected)} />
      <Stat name="Files loaded" value={count(files.ingested)} />
      <Stat
        name="In progress"
        value={count(waiting)}
        note={files.running > 0 ? `${count(files.running)} loading` : undefined}
      />
      <Stat
        name="Failed"
        value={count(failed)}
        note={failed > 0 ? "see the reasons below" : undefined}
      />
    </dl>
  );
}

function Drop({ constraints }: { constraints: Constraints }) {
  return (
    <section aria-label="Send files" class="stack">
      <div class="drop" id="drop" data-constraints={JSON.stringify(constraints)} data-near={NEAR}>
        <strong>Drop files here</strong>
        <span class="muted">
          {constraints.formats.join(", ") || "no formats"} · up to{" "}
          {bytes(constraints.data_sizes * 1024)} each · up to{" "}
          {counted(constraints.number_files, "file")} at a time
        </span>
        <button type="button" class="primary" id="choose">Choose files</button>
        <input
          type="file"
          id="picker"
          multiple
          hidden
          accept={constraints.formats.join(",")}
          aria-label="Files to send"
        />
      </div>
      <ul class="transfers" id="transfers" aria-live="polite"></ul>
    </section>
  );
}

/** The page warns from this share of a limit on, like the log and the metrics of the operator. */
const NEAR = 0.8;

function Limits({ constraints, usage }: { constraints: Constraints; usage: Usage }) {
  const { unfinished, left } = usage.uploads;
  return (
    <aside class="card" aria-labelledby="limits" id="limits-card" data-live>
      <header>
        <h2 id="limits">Limits</h2>
      </header>
      <div class="body">
        <dl class="facts">
          <dt>Formats</dt>
          <dd>{constraints.formats.join(", ") || "none"}</dd>
          <dt>Maximum file size</dt>
          <dd>{bytes(constraints.data_sizes * 1024)}</dd>
          <dt>Files at a time</dt>
          <dd>{count(constraints.number_files)}</dd>
          <dt>Available now</dt>
          <dd>
            {count(left)} {unfinished > 0 && `(${count(unfinished)} uploading)`}
          </dd>
        </dl>
        <meter
          aria-label="Files that can be sent now"
          min={0}
          max={Math.max(1, constraints.number_files)}
          value={left}
        >
          {count(left)}
        </meter>
        {unfinished >= NEAR * constraints.number_files && (
          <p class="notice warn">
            {left === 0
              ? "Limit reached: finish the current uploads first."
              : `Close to the limit: ${count(unfinished)} of ${
                count(constraints.number_files)
              } uploads in progress.`}
          </p>
        )}
        <p class="muted small">
          To resume an interrupted upload, send the same file again. The same file is not loaded
          twice.
        </p>
      </div>
    </aside>
  );
}

function NoFiles({ state }: { state: string | undefined }) {
  return (
    <div class="empty">
      <strong>{state ? "No files in this state" : "No files yet"}</strong>
      <span>{state ? "" : "Drop a file above, or run mysimbdp fetch."}</span>
    </div>
  );
}
