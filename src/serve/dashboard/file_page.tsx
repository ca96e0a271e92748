import { type FileView, isFinal, type RejectList } from "../../protocol/file_view.ts";
import { bytes, count, duration, percent, speed } from "./format.ts";
import { Page, type Viewer } from "./page.tsx";
import { FileStateLabel, ShareBar, Stat, STATE_MEANINGS } from "./parts.tsx";
import { Rejects } from "./rejects.tsx";
import { Timeline } from "./timeline.tsx";

/** What the page of one file shows. */
interface FilePageProps {
  version: string;
  viewer: Viewer;
  file: FileView;
  /** For operators: the tenant, and whether loading the file again was requested. */
  admin?: { tenant: string; replayRequested: boolean };
  rejects: RejectList;
  /** Number of rejects on earlier pages. */
  after: number;
}

/** One file: its counts, its timeline and its rejected records. */
export function FilePage({ version, viewer, file, admin, rejects, after }: FilePageProps) {
  const base = admin ? "/operator/files" : "/";
  const events = admin ? "/v1/admin/events" : "/v1/events";
  return (
    <Page
      title={file.name}
      version={version}
      viewer={viewer}
      at={base}
      events={`${events}?file=${file.id}`}
      scripts={admin ? ["actions.js", "live.js"] : ["tus.min.js", "rejects.js", "live.js"]}
    >
      <div class="head">
        <div>
          <p class="crumbs">
            <a href={base}>Files</a>
            {admin && (
              <>
                {" / "}
                <a href={`/operator/tenants/${admin.tenant}`}>{admin.tenant}</a>
              </>
            )}
          </p>
          <h1>{file.name}</h1>
        </div>
        <Actions file={file} admin={admin} />
      </div>
      <Summary file={file} isOwner={admin === undefined} />
      <div class="columns">
        <section class="card" aria-labelledby="timeline" id="timeline-card" data-live>
          <header>
            <h2 id="timeline">Timeline</h2>
            <FileStateLabel file={file} />
          </header>
          <div class="body">
            <Timeline file={file} />
          </div>
        </section>
        <Details file={file} />
      </div>
      {(file.rows.rejected > 0 || rejects.rejects.length > 0) && (
        <Rejects file={file} list={rejects} after={after} isOperator={admin !== undefined} />
      )}
    </Page>
  );
}

function Actions({ file, admin }: Pick<FilePageProps, "file" | "admin">) {
  if (!admin) {
    return (
      <div class="actions">
        <a class="button" href={`/v1/files/${file.id}/content`} download={file.name}>
          Download file
        </a>
      </div>
    );
  }
  return (
    <div class="actions" id="actions" data-live>
      {admin.replayRequested
        ? <span class="state queued">requested</span>
        : isFinal(file.state) && (
          <form data-api={`POST /v1/admin/files/${file.id}/replay`} data-done="Requested.">
            <button class="primary" type="submit">Load again</button>
            <output></output>
          </form>
        )}
    </div>
  );
}

function Summary({ file, isOwner }: { file: FileView; isOwner: boolean }) {
  const { rows, seconds, reason, state } = file;
  return (
    <div class="stack" id="summary" data-live>
      {reason && (
        <div class="notice bad">
          <strong>The file {STATE_MEANINGS[state]}.</strong>
          {reason.message}
          {isOwner && state !== "queued" && (
            <p>
              Fix the file and send it again, under the same name or a new one. If the file is
              correct, ask the operator to load it again.
            </p>
          )}
        </div>
      )}
      <dl class="stats">
        <Stat name="Records read" value={count(rows.read)} />
        <Stat name="Stored" value={count(rows.stored)} />
        <Stat
          name="Rejected"
          value={count(rows.rejected)}
          note={percent(rows.rejected, rows.read)}
        />
        <Stat name="Skipped" value={count(rows.skipped)} />
        <Stat
          name="Load time"
          value={seconds === null ? "–" : duration(seconds)}
          note={speed(rows.read, seconds) ?? undefined}
        />
      </dl>
      <ShareBar {...rows} />
    </div>
  );
}

function Details({ file }: { file: FileView }) {
  return (
    <aside class="card" aria-labelledby="details" id="details-card" data-live>
      <header>
        <h2 id="details">Details</h2>
      </header>
      <div class="body">
        <dl class="facts">
          <dt>Size</dt>
          <dd>{bytes(file.size)}</dd>
          <dt>Version</dt>
          <dd>{file.version}</dd>
          <dt>Module</dt>
          <dd>{file.moduleVersion ?? "–"}</dd>
          <dt>Attempts</dt>
          <dd>{file.attempts}</dd>
          <dt>Rows replaced</dt>
          <dd>{count(file.rows.replaced)}</dd>
          <dt>ID</dt>
          <dd class="mono">{file.id}</dd>
          <dt>SHA-256</dt>
          <dd class="mono">{file.sha256}</dd>
        </dl>
      </div>
    </aside>
  );
}
