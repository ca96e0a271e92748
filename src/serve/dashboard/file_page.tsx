import type { Child } from "hono/jsx";
import type { AdminFile } from "../../protocol/admin_view.ts";
import { type FileView, isFinal, type RejectList } from "../../protocol/file_view.ts";
import { versionText } from "../../protocol/file_versions.ts";
import { replayMeaning, type ReplayOrder } from "../../protocol/replay.ts";
import { bytes, count, duration, percent, speed } from "./format.ts";
import { type Frame, Page } from "./page.tsx";
import {
  Card,
  Facts,
  FileStateLabel,
  Head,
  Notices,
  ShareBar,
  Stat,
  STATE_MEANINGS,
} from "./parts.tsx";
import { Rejects } from "./rejects.tsx";
import { Timeline } from "./timeline.tsx";

/** What the page of one file shows. */
interface FilePageProps {
  frame: Frame;
  file: FileView;
  /** For operators: the tenant, and whether and how the file can be loaded again. */
  admin?: Pick<AdminFile, "tenant" | "replayOrder" | "replayOrders">;
  rejects: RejectList;
  /** Number of rejects on earlier pages. */
  after: number;
}

/** One file: its counts, its timeline and its rejected records. */
export function FilePage({ frame, file, admin, rejects, after }: FilePageProps) {
  const base = admin ? "/operator/files" : "/";
  const events = admin ? "/v1/admin/events" : "/v1/events";
  return (
    <Page
      {...frame}
      title={file.name}
      at={base}
      events={`${events}?file=${file.id}`}
      scripts={admin ? ["actions.js", "live.js"] : ["tus.min.js", "rejects.js", "live.js"]}
    >
      <Head
        title={file.name}
        crumbs={
          <>
            <a href={base}>Files</a>
            {admin && [" / ", <a href={`/operator/tenants/${admin.tenant}`}>{admin.tenant}</a>]}
          </>
        }
      >
        <Actions file={file} admin={admin} />
      </Head>
      <Summary
        file={file}
        versions={<Versions file={file} base={admin ? "/operator" : ""} />}
        isOwner={admin === undefined}
      />
      <div class="columns">
        <Card id="timeline" title="Timeline" side={<FileStateLabel file={file} />} live>
          <div class="body">
            <Timeline file={file} />
          </div>
        </Card>
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
      {admin.replayOrder
        ? <ReplayRequested order={admin.replayOrder} />
        : isFinal(file.state) && <LoadAgain id={file.id} orders={admin.replayOrders} />}
    </div>
  );
}

function ReplayRequested({ order }: { order: ReplayOrder }) {
  return (
    <div>
      <span class="state queued">requested</span>
      <div class="sub">It is loaded again {replayMeaning(order)}.</div>
    </div>
  );
}

function LoadAgain({ id, orders }: { id: string; orders: readonly ReplayOrder[] }) {
  return (
    <form method="post" data-api={`POST /v1/admin/files/${id}/replay`} data-done="Requested.">
      {orders.length > 1 && (
        <select name="order" aria-label="What its rows win over">
          {orders.map((order) => <option value={order}>{CHOICES[order]}</option>)}
        </select>
      )}
      <button class="primary" type="submit">Load again</button>
      <output></output>
    </form>
  );
}

const CHOICES: Record<ReplayOrder, string> = {
  now: "rows win over all earlier changes",
  arrival: "later files and deletes win",
};

/** What a new version means for the rows of the others. */
function Versions({ file, base }: { file: FileView; base: string }) {
  const text = versionText(file);
  if (text === null) return null;
  return (
    <div class="notice">
      <strong>{text.charAt(0).toUpperCase() + text.slice(1)}</strong>
      {file.replacedBy
        ? <a href={`${base}/files/${file.replacedBy}`}>Show the version that replaced it</a>
        : file.earlier &&
          "Stored rows stay unless a row of this version has the same key. " +
            'If versions should replace each other, the module declares versions: "replace".'}
    </div>
  );
}

function Summary({ file, versions, isOwner }: {
  file: FileView;
  versions: Child;
  isOwner: boolean;
}) {
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
      {versions}
      <Notices texts={file.notices} />
      <dl class="stats">
        <Stat name="Records read" value={count(rows.read)} />
        <Stat name="Stored" value={count(rows.stored)} />
        {rows.replaced > 0 && (
          <Stat name="Replaced" value={count(rows.replaced)} note="by later records, same key" />
        )}
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
    <Card id="details" title="Details" as="aside" live>
      <div class="body">
        <Facts
          facts={[
            ["Size", bytes(file.size)],
            ["Version", file.version],
            ["Module", file.moduleVersion ?? "–"],
            ["Attempts", file.attempts],
            ["Rows written", count(file.rows.written)],
            ["ID", <div class="mono">{file.id}</div>],
            ["SHA-256", <div class="mono">{file.sha256}</div>],
          ]}
        />
      </div>
    </Card>
  );
}
