import type { Constraints } from "../../protocol/constraints.ts";
import { FILE_STATES, type FileList } from "../../protocol/file_view.ts";
import type { Usage } from "../../protocol/usage.ts";
import { FilesTable } from "./files_table.tsx";
import { bytes, count } from "./format.ts";
import { Page, type Viewer } from "./page.tsx";
import { link, Stat, Tabs } from "./parts.tsx";

/** What the first page of a customer shows. */
interface FilesPageProps {
  version: string;
  viewer: Viewer;
  constraints: Constraints;
  usage: Usage;
  list: FileList;
  state: string | undefined;
}

/** A customer's files, and where it sends new ones. */
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
          <p class="lead">What you sent, and what became of it.</p>
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
          <StateTabs at={state} />
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
  const look = failed === 1 ? "needs a look" : "need a look";
  return (
    <dl class="stats" id="numbers" data-live>
      <Stat name="Rows stored" value={count(rows.stored)} />
      <Stat name="Rows rejected" value={count(rows.rejected)} />
      <Stat name="Files loaded" value={count(files.ingested)} />
      <Stat
        name="On their way"
        value={count(waiting)}
        note={files.running > 0 ? `${count(files.running)} being loaded` : undefined}
      />
      <Stat
        name="Failed"
        value={count(failed)}
        note={failed > 0 ? look : undefined}
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
          {constraints.formats.join(", ") || "no format"} · up to{" "}
          {bytes(constraints.data_sizes * 1024)} each · {count(constraints.number_files)} at a time
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

/** From this share of a limit on its customer is warned, as the operator is. */
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
          <dt>Largest file</dt>
          <dd>{bytes(constraints.data_sizes * 1024)}</dd>
          <dt>Files at a time</dt>
          <dd>{count(constraints.number_files)}</dd>
          <dt>Left now</dt>
          <dd>
            {count(left)} {unfinished > 0 && `(${count(unfinished)} being sent)`}
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
              ? "The limit is reached: finish what is being sent first."
              : `Close to the limit: ${count(unfinished)} of ${
                count(constraints.number_files)
              } places are taken.`}
          </p>
        )}
        <p class="muted small">
          A broken transfer goes on where it stopped: send the same file again. A file that is there
          already is not loaded twice.
        </p>
      </div>
    </aside>
  );
}

function StateTabs({ at }: { at: string | undefined }) {
  const states = FILE_STATES.map((state) =>
    [link("/", { state }), state, state] as [string, string, string]
  );
  return <Tabs label="Files by state" tabs={[["/", "all", ""], ...states]} at={at ?? ""} />;
}

function NoFiles({ state }: { state: string | undefined }) {
  return (
    <div class="empty">
      <strong>{state ? `No file is ${state}` : "Nothing has been sent yet"}</strong>
      <span>{state ? "" : "Drop a file above, or run mysimbdp fetch."}</span>
    </div>
  );
}
