import type { PermissionsView, VersionReview } from "../../protocol/admin_view.ts";
import { Field, Form } from "./form.tsx";
import { Diff, Faults, Sources } from "./module_parts.tsx";
import { type Frame, Page } from "./page.tsx";
import { Card, Facts, Head, State, Time } from "./parts.tsx";

/** A version of a tenant's module, for the operator who approves or rejects it. */
export function ReviewPage({ frame, tenant, review }: {
  frame: Frame;
  tenant: string;
  review: VersionReview;
}) {
  const { state, submittedAt, decidedBy, decidedAt, note, against, diff, permissions } = review;
  return (
    <Page
      {...frame}
      title={`${review.version} of ${tenant}`}
      at="/operator/tenants"
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <Head
        title={review.version}
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
          <div class="body">
            {diff === "" ? <p class="muted">No changes.</p> : <Diff text={diff} />}
          </div>
        </Card>
        <Card id="decide" title="Decision" live>
          <div class="body">
            <Facts
              facts={[
                ["Submitted", <Time at={submittedAt} />],
                ["Decided", decidedAt && [<Time at={decidedAt} />, ` by ${decidedBy}`]],
                ["Note", note],
                ["Permissions", permissions && <Permissions permissions={permissions} />],
              ]}
            />
            <Decide tenant={tenant} review={review} />
          </div>
        </Card>
      </div>
      <Sources files={review.files} />
    </Page>
  );
}

/** What the version may do: `tenant.json` does not have to name the tables that it writes. */
function Permissions({ permissions }: { permissions: PermissionsView }) {
  const shown = Object.entries(permissions).filter(([, names]) => names.length > 0);
  return shown.map(([verb, names]) => <div>{verb}: {names.join(", ")}</div>);
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
        <Form
          class="stack"
          data-api={`${api}/approve`}
          data-done="Approved."
          submit="Approve"
          tone="primary"
        >
          <p class="muted">
            Review the changes first. An approved version is used from the next file on.
          </p>
          <Field label="Note to the author" name="note" data-optional />
        </Form>
        <Form
          class="stack"
          data-api={`${api}/reject`}
          data-done="Rejected."
          submit="Reject"
          tone="danger"
        >
          <Field label="Reason for rejecting" name="note" required />
        </Form>
      </>
    );
  }
  if (state === "approved" || state === "rolled-back") {
    return (
      <Form
        class="stack"
        data-api={`${api}/approve`}
        data-done="Approved."
        submit="Use this version again"
      >
        <p class="muted">This version was used before.</p>
      </Form>
    );
  }
  return <p class="muted">No decision is needed.</p>;
}
