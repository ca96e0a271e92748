import type { AuditEntry } from "../../protocol/admin_view.ts";
import { Page, type Viewer } from "./page.tsx";
import { Time } from "./parts.tsx";

/** The actions of operators. */
export function AuditPage({ version, viewer, entries }: {
  version: string;
  viewer: Viewer;
  entries: AuditEntry[];
}) {
  return (
    <Page
      title="Audit log"
      version={version}
      viewer={viewer}
      at="/operator/audit"
      scripts={["live.js"]}
    >
      <div class="head">
        <div>
          <h1>Audit log</h1>
          <p class="lead">
            What operators did in the dashboard and on the command line, newest first.
          </p>
        </div>
      </div>
      <section class="card" aria-label="Entries">
        {entries.length === 0
          ? (
            <div class="empty">
              <strong>No entries yet</strong>
            </div>
          )
          : <Entries entries={entries} />}
      </section>
    </Page>
  );
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  return (
    <div class="scroll">
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Operator</th>
            <th scope="col">From</th>
            <th scope="col">Action</th>
            <th scope="col">Target</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ at, operator, from, action, subject, details, outcome }) => (
            <tr>
              <td data-label="Time">
                <Time at={at} />
              </td>
              <td data-label="Operator">{operator}</td>
              <td data-label="From">{from === "cli" ? "command line" : from}</td>
              <td data-label="Action">
                <code>{action}</code>
              </td>
              <td class="wide">
                <div class="name">{subject}</div>
                {Object.keys(details).length > 0 && (
                  <div class="sub mono">{JSON.stringify(details)}</div>
                )}
              </td>
              <td data-label="Outcome">{outcome}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
