import type { AdminFile, Overview, TenantHealth, TenantView } from "../../protocol/admin_view.ts";
import { CHART_SCRIPTS, CHART_STYLES, ThroughputChart } from "./chart.tsx";
import { OperatorFilesTable } from "./files_table.tsx";
import { count, duration } from "./format.ts";
import { Page, type Viewer } from "./page.tsx";
import { link, Stat, Tabs } from "./parts.tsx";

/** What the home page of an operator shows. */
interface OperatorPageProps {
  version: string;
  viewer: Viewer;
  overview: Overview;
  quarantined: AdminFile[];
  hours: string;
  /** Accounts; those with a pending version of their module are shown as a notice. */
  tenants: TenantView[];
  now: number;
}

const SPANS: [hours: string, name: string][] = [["1", "hour"], ["24", "day"], ["168", "week"]];

/** The state of the whole platform. */
export function OperatorPage(props: OperatorPageProps) {
  const { version, viewer, overview, quarantined, hours, now } = props;
  return (
    <Page
      title="Overview"
      version={version}
      viewer={viewer}
      at="/operator"
      events="/v1/admin/events"
      scripts={[...CHART_SCRIPTS, "actions.js", "live.js"]}
      styles={CHART_STYLES}
    >
      <div class="head">
        <h1>Overview</h1>
      </div>
      <Numbers overview={overview} now={now} />
      <Pending tenants={props.tenants} />
      <section class="card" aria-labelledby="throughput">
        <header>
          <h2 id="throughput">Rows over time</h2>
          <Tabs
            label="Period"
            tabs={SPANS.map(([span, name]) => [link("/operator", { hours: span }), name, span])}
            at={hours}
          />
        </header>
        <div class="body">
          <ThroughputChart buckets={overview.throughput} seconds={overview.bucketSeconds} />
        </div>
      </section>
      <section class="card" aria-labelledby="tenants" id="tenants-card" data-live>
        <header>
          <h2 id="tenants">Tenants</h2>
          <a class="button" href="/operator/tenants">Manage accounts</a>
        </header>
        {overview.tenants.length === 0
          ? (
            <div class="empty">
              <strong>No tenants yet</strong>
              <a href="/operator/tenants">Add a tenant</a>
            </div>
          )
          : <Tenants tenants={overview.tenants} now={now} />}
      </section>
      <section class="card" aria-labelledby="quarantine" id="quarantine-card" data-live>
        <header>
          <h2 id="quarantine">Quarantine</h2>
          <a class="button" href="/operator/files?state=quarantined">Show all</a>
        </header>
        <OperatorFilesTable files={quarantined} empty="No files in quarantine" />
      </section>
    </Page>
  );
}

/** The versions of modules that wait for approval. */
function Pending({ tenants }: { tenants: TenantView[] }) {
  const waiting = tenants.filter(({ module }) => module.pending !== null);
  return (
    <div id="pending" data-live>
      {waiting.length > 0 && (
        <div class="notice warn">
          <strong>Modules waiting for approval</strong>
          {waiting.map(({ name, module: { pending } }) => (
            <div>
              <a href={`/operator/tenants/${name}/module/${pending}`}>{name}: {pending}</a>
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
  return (
    <div class="scroll">
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">Tenant</th>
            <th scope="col">Account</th>
            <th scope="col" class="num">Waiting</th>
            <th scope="col" class="num">Oldest waiting</th>
            <th scope="col" class="num">Loaded</th>
            <th scope="col" class="num">Failed</th>
            <th scope="col" class="num">Rows</th>
            <th scope="col" class="num">Rejected</th>
          </tr>
        </thead>
        <tbody>
          {tenants.map((tenant) => <Tenant tenant={tenant} now={now} />)}
        </tbody>
      </table>
    </div>
  );
}

function Tenant({ tenant, now }: { tenant: TenantHealth; now: number }) {
  const { name, enabled, files, rows, waiting, oldestWaitingAt, failing } = tenant;
  const account = enabled === null ? "none" : enabled ? "active" : "disabled";
  return (
    <tr>
      <td class="wide">
        <a class="name" href={`/operator/tenants/${name}`}>{name}</a>
        {failing && (
          <div class="sub">
            Failing: <a href={`/operator/files/${failing.fileId}`}>{failing.name}</a>,{" "}
            {failing.reason}
          </div>
        )}
      </td>
      <td data-label="Account">
        <span class={`state ${account}`}>{account}</span>
      </td>
      <td class="num" data-label="Waiting">{count(waiting)}</td>
      <td class="num" data-label="Oldest waiting">{age(oldestWaitingAt, now)}</td>
      <td class="num" data-label="Loaded">{count(files.ingested)}</td>
      <td class="num" data-label="Failed">{count(files.quarantined + files.refused)}</td>
      <td class="num" data-label="Rows">{count(rows.stored)}</td>
      <td class="num" data-label="Rejected">{count(rows.rejected)}</td>
    </tr>
  );
}
