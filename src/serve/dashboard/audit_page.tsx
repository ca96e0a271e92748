import type { AuditEntry } from "../../protocol/admin_view.ts";
import { type Frame, Page } from "./page.tsx";
import { Empty, Head, Time } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";

/** The actions of operators. */
export function AuditPage({ frame, entries }: { frame: Frame; entries: AuditEntry[] }) {
  return (
    <Page {...frame} title="Audit log" at="/operator/audit" scripts={["live.js"]}>
      <Head
        title="Audit log"
        lead="What operators did in the dashboard and on the command line, newest first."
      />
      <section class="card" aria-label="Entries">
        <Table columns={COLUMNS} items={entries} empty={<Empty title="No entries yet" />} />
      </section>
    </Page>
  );
}

const COLUMNS: Column<AuditEntry>[] = [
  { name: "Time", cell: ({ at }) => <Time at={at} /> },
  { name: "Operator", cell: ({ operator }) => operator },
  { name: "From", cell: ({ from }) => from === "cli" ? "command line" : from },
  { name: "Action", cell: ({ action }) => <code>{action}</code> },
  {
    name: "Target",
    kind: "wide",
    cell: ({ subject, details }) => (
      <>
        <div class="name">{subject}</div>
        {Object.keys(details).length > 0 && <div class="sub mono">{JSON.stringify(details)}</div>}
      </>
    ),
  },
  { name: "Outcome", cell: ({ outcome }) => outcome },
];
