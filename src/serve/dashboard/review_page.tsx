import type { PermissionsView, Review, VersionChanges } from "../../protocol/admin_view.ts";
import { canRun, type VersionSources } from "../../protocol/module_view.ts";
import { Field, Form } from "./form.tsx";
import { count } from "./format.ts";
import { Diff, Faults, Sources } from "./module_parts.tsx";
import { type Frame, Page } from "./page.tsx";
import { Card, Facts, Head, link, Pager, State, Time } from "./parts.tsx";

/** A page of the changes of a version. */
interface Place {
  /** The path of the version's page. */
  path: string;
  /** From 1. */
  page: number;
  pages: number;
  /** Whether all pages up to this one show the same changes as this one. */
  isSame: boolean;
}

/** A version of a tenant's module, for the operator who approves or rejects it. */
export function ReviewPage({ frame, tenant, review, sources, seen }: {
  frame: Frame;
  tenant: string;
  /** The version, and a page of its changes. */
  review: VersionChanges;
  /** The files, shown below the first page. */
  sources: VersionSources["sources"];
  /** What the earlier pages have shown, as the query has it. */
  seen: string | undefined;
}) {
  const { version, state, against, page, pages } = review;
  const path = `/operator/tenants/${tenant}/module/${version}`;
  const isSame = page === 1 || seen === review.seen;
  // Each link names what this page has shown, so that the last page can tell.
  const to = (page: number) => link(path, { page: String(page), seen: review.seen });
  const place = { path, page, pages, isSame };
  const mayDecide = isSame && page === pages;
  return (
    <Page
      {...frame}
      title={`${version} of ${tenant}`}
      at="/operator/tenants"
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <Head
        title={version}
        crumbs={
          <>
            <a href="/operator/tenants">Tenants</a> /{" "}
            <a href={`/operator/tenants/${tenant}`}>{tenant}</a>
          </>
        }
      >
        <div id="state" data-live>
          <State state={state} />
        </div>
      </Head>
      <Faults version={review} />
      <div class="columns">
        <Card id="diff" title={against ? `Changes from ${against}` : "First version"}>
          <div class="body stack">
            {!isSame && <Changed path={path} />}
            {review.lines.length === 0 ? <p class="muted">No changes.</p> : <Diff page={review} />}
          </div>
          <Pager page={page} pages={pages} label="Pages of the changes" to={to} />
        </Card>
        <Card
          id="decide"
          title="Decision"
          live
          seen={isOpen(review) ? mayDecide ? review.seen : "" : undefined}
        >
          <div class="body">
            <Facts
              facts={[
                ["Submitted", <Time at={review.submittedAt} />],
                [
                  "Decided",
                  review.decidedAt && [<Time at={review.decidedAt} />, ` by ${review.decidedBy}`],
                ],
                ["Note", review.note],
                ["Permissions", review.permissions && <Permissions {...review.permissions} />],
              ]}
            />
            <Decide tenant={tenant} review={review} place={place} mayDecide={mayDecide} />
          </div>
        </Card>
      </div>
      {page === 1 && <Sources sources={sources} base={path} />}
    </Page>
  );
}

/** What the version may do: `tenant.json` does not have to name the tables that it writes. */
function Permissions(permissions: PermissionsView) {
  const shown = Object.entries(permissions).filter(([, names]) => names.length > 0);
  return <>{shown.map(([verb, names]) => <div>{verb}: {names.join(", ")}</div>)}</>;
}

function Changed({ path }: { path: string }) {
  return (
    <p class="notice warn">
      These are not the changes of the pages before: the current version, the files or the
      permissions have changed. <a href={path}>Start again on page 1</a>.
    </p>
  );
}

/** Whether an operator can approve the version. */
function isOpen({ state, current, approvalRequested }: Review): boolean {
  return canRun(state) && !current && !approvalRequested;
}

function Decide({ tenant, review, place, mayDecide }: {
  tenant: string;
  review: Review;
  place: Place;
  mayDecide: boolean;
}) {
  const { version, state, current, approvalRequested } = review;
  if (approvalRequested) {
    return <p class="notice">Approved. It is used once manage has created its tables.</p>;
  }
  if (current) return <p class="notice ok">This is the current version.</p>;
  if (!isOpen(review)) return <p class="muted">No decision is needed.</p>;
  const api = `POST /v1/admin/tenants/${tenant}/module/${version}`;
  return (
    <>
      {mayDecide ? <Approve api={api} review={review} /> : (
        <p class="notice">
          The changes have {count(place.pages)} pages. You can approve them on the last one.
        </p>
      )}
      {state === "pending" && (
        <Form
          class="stack"
          data-api={`${api}/reject`}
          data-done="Rejected."
          submit="Reject"
          tone="danger"
        >
          <Field label="Reason for rejecting" name="note" required />
        </Form>
      )}
    </>
  );
}

function Approve({ api, review }: { api: string; review: Review }) {
  const { state, older, against, seen } = review;
  const isNew = state === "pending";
  return (
    <Form
      class="stack"
      data-api={`${api}/approve`}
      data-done="Approved."
      submit={older ? "Go back to this version" : isNew ? "Approve" : "Use this version again"}
      {...(isNew && !older && { tone: "primary" as const })}
    >
      {older && (
        <p class="notice warn">
          This version is older than the current version {against}. Approving it goes back: what
          {" "}
          {against} changed no longer applies.
        </p>
      )}
      <p class="muted">
        {isNew
          ? "Review the changes first. An approved version is used from the next file on."
          : "This version was used before."}
      </p>
      <input type="hidden" name="seen" value={seen} />
      {isNew && <Field label="Note to the author" name="note" data-optional />}
    </Form>
  );
}
