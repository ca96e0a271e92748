import type { VersionReview } from "../../protocol/admin_view.ts";
import { Diff, Faults, Sources } from "./module_parts.tsx";
import { Page, type Viewer } from "./page.tsx";
import { State, Time } from "./parts.tsx";

/** A version of a tenant's module, for the operator who approves or rejects it. */
export function ReviewPage({ version, viewer, tenant, review }: {
  version: string;
  viewer: Viewer;
  tenant: string;
  review: VersionReview;
}) {
  const { state, submittedAt, decidedBy, decidedAt, note, against, diff } = review;
  return (
    <Page
      title={`${review.version} of ${tenant}`}
      version={version}
      viewer={viewer}
      at="/operator/tenants"
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <div class="head">
        <div>
          <p class="crumbs">
            <a href="/operator/tenants">Tenants</a> /{" "}
            <a href={`/operator/tenants/${tenant}`}>{tenant}</a>
          </p>
          <h1>{review.version}</h1>
        </div>
        <div id="state" data-live>
          <State state={state} />
        </div>
      </div>
      <Faults version={review} />
      <div class="columns">
        <section class="card" aria-labelledby="diff">
          <header>
            <h2 id="diff">
              {against ? `Changes from ${against}` : "First version"}
            </h2>
          </header>
          <div class="body">
            {diff === "" ? <p class="muted">No changes.</p> : <Diff text={diff} />}
          </div>
        </section>
        <section class="card" aria-labelledby="decide" id="decide-card" data-live>
          <header>
            <h2 id="decide">Decision</h2>
          </header>
          <div class="body">
            <dl class="facts">
              <dt>Submitted</dt>
              <dd>
                <Time at={submittedAt} />
              </dd>
              {decidedAt && (
                <>
                  <dt>Decided</dt>
                  <dd>
                    <Time at={decidedAt} /> by {decidedBy}
                  </dd>
                </>
              )}
              {note && (
                <>
                  <dt>Note</dt>
                  <dd>{note}</dd>
                </>
              )}
            </dl>
            <Decide tenant={tenant} review={review} />
          </div>
        </section>
      </div>
      <Sources files={review.files} />
    </Page>
  );
}

function Decide({ tenant, review }: { tenant: string; review: VersionReview }) {
  const { version, state, current, approvalRequested } = review;
  const api = `POST /v1/admin/tenants/${tenant}/module/${version}`;
  if (approvalRequested) {
    return <p class="notice">Approved. It is used once manage has created its tables.</p>;
  }
  if (current) return <p class="notice ok">This is the current version.</p>;
  if (state === "pending") {
    return (
      <>
        <form class="stack" data-api={`${api}/approve`} data-done="Approved.">
          <p class="muted">
            Review the changes first. An approved version is used from the next file on.
          </p>
          <label>
            Note to the author
            <input name="note" data-optional />
          </label>
          <div class="actions">
            <button class="primary" type="submit">Approve</button>
          </div>
          <output></output>
        </form>
        <form class="stack" data-api={`${api}/reject`} data-done="Rejected.">
          <label>
            Reason for rejecting
            <input name="note" required />
          </label>
          <div class="actions">
            <button class="danger" type="submit">Reject</button>
          </div>
          <output></output>
        </form>
      </>
    );
  }
  if (state === "approved" || state === "rolled-back") {
    return (
      <form class="stack" data-api={`${api}/approve`} data-done="Approved.">
        <p class="muted">This version was used before.</p>
        <div class="actions">
          <button type="submit">Use this version again</button>
        </div>
        <output></output>
      </form>
    );
  }
  return <p class="muted">No decision is needed.</p>;
}
