import type { AdminFile, Overview, TenantHealth, TenantView } from "../../protocol/admin_view.ts";
import { CHART_SCRIPTS, CHART_STYLES, ThroughputChart } from "./chart.tsx";
import { OperatorFilesTable } from "./files_table.tsx";
import { count, duration } from "./format.ts";
import { type Frame, Page } from "./page.tsx";
import { Card, Empty, Head, link, Stat, State, Tabs } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";

/** What the home page of an operator shows. */
interface OperatorPageProps {
  frame: Frame;
  overview: Overview;
  quarantined: AdminFile[];
  hours: string;
  /** Accounts; pending versions of their modules are shown as a notice. */
  tenants: TenantView[];
  now: number;
}

const SPANS: [hours: string, name: string][] = [["1", "hour"], ["24", "day"], ["168", "week"]];

/** The state of the whole platform. */
export function OperatorPage(props: OperatorPageProps) {
  const { frame, overview, quarantined, hours, now } = props;
  return (
    <Page
      {...frame}
      title="Overview"
      at="/operator"
      events="/v1/admin/events"
      scripts={[...CHART_SCRIPTS, "actions.js", "live.js"]}
      styles={CHART_STYLES}
    >
      <Head title="Overview" />
      <FullDisk disk={overview.disk} />
      <Numbers overview={overview} now={now} />
      <Pending tenants={props.tenants} />
      <Card
        id="throughput"
        title="Rows over time"
        side={
          <Tabs
            label="Period"
            tabs={SPANS.map(([span, name]) => [link("/operator", { hours: span }), name, span])}
            at={hours}
          />
        }
      >
        <div class="body">
          <ThroughputChart buckets={overview.throughput} seconds={overview.bucketSeconds} />
        </div>
      </Card>
      <Card
        id="tenants"
        title="Tenants"
        side={<a class="button" href="/operator/tenants">Manage accounts</a>}
        live
      >
        <Tenants tenants={shownTenants(overview.tenants)} now={now} />
        {overview.tenants.length > MAX_TENANTS && (
          <div class="pager">
            <span class="muted">
              {count(MAX_TENANTS)} of {count(overview.tenants.length)}{" "}
              tenants: those that fail or wait first
            </span>
          </div>
        )}
      </Card>
      <Card
        id="quarantine"
        title="Quarantine"
        side={<a class="button" href="/operator/files?state=quarantined">Show all</a>}
        live
      >
        <OperatorFilesTable files={quarantined} empty="No files in quarantine" />
      </Card>
    </Page>
  );
}

/** The table of a page; more would take long to draw on both sides. */
const MAX_TENANTS = 100;

/** By name; if there are too many, those that an operator should look at first. */
function shownTenants(tenants: TenantHealth[]): TenantHealth[] {
  if (tenants.length <= MAX_TENANTS) return tenants;
  const rank = ({ failing, waiting }: TenantHealth) => failing ? 0 : waiting > 0 ? 1 : 2;
  return tenants.toSorted((a, b) => rank(a) - rank(b)).slice(0, MAX_TENANTS);
}

function FullDisk({ disk }: Pick<Overview, "disk">) {
  return (
    <div id="disk" data-live>
      {disk && (
        <div class="notice bad">
          <strong>The disk is full: uploads are refused and loads wait</strong>
          <p>{disk.error}.</p>
          <p>{disk.hint}</p>
        </div>
      )}
    </div>
  );
}

/** The versions of modules that wait for approval. */
function Pending({ tenants }: { tenants: TenantView[] }) {
  const waiting = tenants.flatMap(({ name, module: { pending } }) => {
    return pending.map((version) => ({ name, version }));
  });
  return (
    <div id="pending" data-live>
      {waiting.length > 0 && (
        <div class="notice warn">
          <strong>Modules waiting for approval</strong>
          {waiting.slice(0, MAX_TENANTS).map(({ name, version }) => (
            <div>
              <a href={`/operator/tenants/${name}/module/${version}`}>{name}: {version}</a>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

function Numbers({ overview, now }: { overview: Overview; now: number }) {
  const { queue, tenants, throughput } = overview;
  const sum = (key: "rows" | "files" | "failed") =>
    throughput.reduce((all, bucket) => all + bucket[key], 0);
  const failing = tenants.filter((tenant) => tenant.failing).length;
  return (
    <dl class="stats" id="numbers" data-live>
      <Stat name="Files waiting" value={count(queue.files)} note="in staging" />
      <Stat name="Oldest waiting" value={age(queue.oldestAt, now)} />
      <Stat name="Rows stored" value={count(sum("rows"))} note="in this period" />
      <Stat
        name="Files"
        value={count(sum("files"))}
        note={`${count(sum("failed"))} failed`}
      />
      <Stat name="Failing tenants" value={count(failing)} note={`of ${count(tenants.length)}`} />
    </dl>
  );
}

/** How long ago a time was. */
function age(at: string | null, now: number): string {
  return at === null ? "–" : duration(Math.max(0, now - Date.parse(at)) / 1000);
}

function Tenants({ tenants, now }: { tenants: TenantHealth[]; now: number }) {
  const oldest: Column<TenantHealth> = {
    name: "Oldest waiting",
    kind: "num",
    cell: ({ oldestWaitingAt }) => age(oldestWaitingAt, now),
  };
  const empty = (
    <Empty title="No tenants yet">
      <a href="/operator/tenants">Add a tenant</a>
    </Empty>
  );
  const columns = [...FIRST_COLUMNS, oldest, ...COUNTS];
  return <Table columns={columns} items={tenants} empty={empty} />;
}

const FIRST_COLUMNS: Column<TenantHealth>[] = [
  {
    name: "Tenant",
    kind: "wide",
    cell: ({ name, failing }) => (
      <>
        <a class="name" href={`/operator/tenants/${name}`}>{name}</a>
        {failing && (
          <div class="sub">
            Failing: <a href={`/operator/files/${failing.fileId}`}>{failing.name}</a>,{" "}
            {failing.reason}
          </div>
        )}
      </>
    ),
  },
  {
    name: "Account",
    cell: ({ enabled }) => (
      <State state={enabled === null ? "none" : enabled ? "active" : "disabled"} />
    ),
  },
  { name: "Waiting", kind: "num", cell: ({ waiting }) => count(waiting) },
];
const COUNTS: Column<TenantHealth>[] = [
  { name: "Loaded", kind: "num", cell: ({ files }) => count(files.ingested) },
  { name: "Failed", kind: "num", cell: ({ files }) => count(files.quarantined + files.refused) },
  { name: "Rows", kind: "num", cell: ({ rows }) => count(rows.stored) },
  { name: "Rejected", kind: "num", cell: ({ rows }) => count(rows.rejected) },
];
