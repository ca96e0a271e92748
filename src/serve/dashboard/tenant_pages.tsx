import { TENANT_NAME_PATTERN } from "../../base/tenant_name.ts";
import type { TenantView } from "../../protocol/admin_view.ts";
import type { ModuleView } from "../../protocol/module_view.ts";
import { bytes, count } from "./format.ts";
import { Versions } from "./module_parts.tsx";
import { Page, type Viewer } from "./page.tsx";
import { link } from "./parts.tsx";

/** All accounts, and a form for a new one. */
export function TenantsPage({ version, viewer, tenants, invalidNames }: {
  version: string;
  viewer: Viewer;
  tenants: TenantView[];
  invalidNames: string[];
}) {
  return (
    <Page
      title="Tenants"
      version={version}
      viewer={viewer}
      at="/operator/tenants"
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <div class="head">
        <h1>Tenants</h1>
      </div>
      {invalidNames.length > 0 && (
        <p class="notice warn">
          Accounts that cannot sign in, because their names are not allowed:{" "}
          {invalidNames.join(", ")}. Rename them in users.json.
        </p>
      )}
      <div class="columns">
        <section class="card" aria-label="Accounts" id="accounts" data-live>
          {tenants.length === 0
            ? (
              <div class="empty">
                <strong>No accounts yet</strong>
              </div>
            )
            : <Accounts tenants={tenants} />}
        </section>
        <section class="card" aria-labelledby="new">
          <header>
            <h2 id="new">New account</h2>
          </header>
          <form class="body" data-api="POST /v1/admin/tenants" data-done="Account created.">
            <label>
              Name
              <input
                name="name"
                required
                pattern={TENANT_NAME_PATTERN}
                title="1 to 63 of a-z, 0-9, dot, dash and underscore; a letter or digit first"
              />
            </label>
            <label>
              Password
              <input name="password" autocomplete="off" data-optional />
              <span class="hint">If empty, a password is generated and shown once.</span>
            </label>
            <div class="actions">
              <button class="primary" type="submit">Create account</button>
            </div>
            <output></output>
          </form>
        </section>
      </div>
    </Page>
  );
}

function Accounts({ tenants }: { tenants: TenantView[] }) {
  return (
    <div class="scroll">
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Status</th>
            <th scope="col">Formats</th>
            <th scope="col" class="num">Files at a time</th>
            <th scope="col" class="num">Maximum file size</th>
          </tr>
        </thead>
        <tbody>
          {tenants.map(({ name, enabled, constraints, ownConstraints, module }) => (
            <tr>
              <td class="wide">
                <a class="name" href={`/operator/tenants/${name}`}>{name}</a>
                {module.pending && <div class="sub">{module.pending} is waiting for approval</div>}
                {!ownConstraints && <div class="sub">default limits</div>}
              </td>
              <td data-label="Status">
                <Account enabled={enabled} />
              </td>
              <td data-label="Formats">{constraints.formats.join(", ")}</td>
              <td class="num" data-label="Files at a time">{count(constraints.number_files)}</td>
              <td class="num" data-label="Maximum file size">
                {bytes(constraints.data_sizes * 1024)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Account({ enabled }: { enabled: boolean }) {
  const state = enabled ? "active" : "disabled";
  return <span class={`state ${state}`}>{state}</span>;
}

/** One tenant: its module, its limits, and its account. */
export function TenantPage({ version, viewer, tenant, module }: {
  version: string;
  viewer: Viewer;
  tenant: TenantView;
  module: ModuleView;
}) {
  const { name, enabled } = tenant;
  const api = `/v1/admin/tenants/${name}`;
  return (
    <Page
      title={name}
      version={version}
      viewer={viewer}
      at="/operator/tenants"
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <div class="head">
        <div>
          <p class="crumbs">
            <a href="/operator/tenants">Tenants</a>
          </p>
          <h1>{name}</h1>
        </div>
        <a class="button" href={link("/operator/files", { tenant: name })}>View files</a>
      </div>
      <div class="columns">
        <div class="stack">
          <section class="card" aria-labelledby="module" id="module-card" data-live>
            <header>
              <h2 id="module">Module</h2>
            </header>
            <Versions module={module} base={`/operator/tenants/${name}/module`} />
          </section>
          <Constraints tenant={tenant} />
        </div>
        <div class="stack">
          <section class="card" aria-labelledby="account" id="account-card" data-live>
            <header>
              <h2 id="account">Account</h2>
              <Account enabled={enabled} />
            </header>
            <form
              class="body"
              data-api={`PATCH ${api}`}
              data-done={enabled ? "Account disabled." : "Account enabled."}
            >
              <p class="muted">
                {enabled
                  ? "A disabled account cannot sign in; its files and rows are kept."
                  : "This account cannot sign in. Its files and rows are kept."}
              </p>
              <input type="hidden" name="enabled" value={String(!enabled)} data-type="boolean" />
              <div class="actions">
                <button class={enabled ? "danger" : "primary"} type="submit">
                  {enabled ? "Disable" : "Enable"}
                </button>
              </div>
              <output></output>
            </form>
          </section>
          <section class="card" aria-labelledby="password">
            <header>
              <h2 id="password">Password</h2>
            </header>
            <form class="body" data-api={`POST ${api}/password`} data-done="Password changed.">
              <label>
                New password
                <input name="password" autocomplete="off" data-optional />
                <span class="hint">
                  If empty, a password is generated and shown once. Open sessions end.
                </span>
              </label>
              <div class="actions">
                <button type="submit">Set password</button>
              </div>
              <output></output>
            </form>
          </section>
        </div>
      </div>
    </Page>
  );
}

function Constraints({ tenant: { name, constraints, ownConstraints } }: { tenant: TenantView }) {
  const api = `/v1/admin/tenants/${name}/constraints`;
  return (
    <section class="card" aria-labelledby="constraints">
      <header>
        <h2 id="constraints">Upload limits</h2>
      </header>
      <form class="body" data-api={`PUT ${api}`} data-done="Saved, applies to new uploads.">
        <div class="fields">
          <label>
            Formats
            <input
              name="formats"
              value={constraints.formats.join(", ")}
              required
              data-type="list"
            />
            <span class="hint">File extensions with the dot, separated by commas.</span>
          </label>
          <label>
            Files at a time
            <input
              name="number_files"
              type="number"
              min={0}
              step={1}
              required
              value={constraints.number_files}
              data-type="number"
            />
            <span class="hint">In one batch, such as one run of fetch.</span>
          </label>
          <label>
            Maximum file size, in KB
            <input
              name="data_sizes"
              type="number"
              min={0}
              step="any"
              required
              value={constraints.data_sizes}
              data-type="number"
            />
            <span class="hint">1 KB is 1,024 bytes.</span>
          </label>
        </div>
        <div class="actions">
          <button class="primary" type="submit">Save limits</button>
        </div>
        <output></output>
      </form>
      {ownConstraints && (
        <form
          class="body"
          data-api={`DELETE ${api}`}
          data-done="Reset to the defaults."
          data-reload
        >
          <div class="actions">
            <button type="submit">Reset to defaults</button>
            <output></output>
          </div>
        </form>
      )}
    </section>
  );
}
