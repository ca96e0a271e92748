import { TENANT_NAME_PATTERN } from "../../base/tenant_name.ts";
import type { TenantView } from "../../protocol/admin_view.ts";
import type { ModuleView } from "../../protocol/module_view.ts";
import type { TokenView } from "../../protocol/tokens.ts";
import { Field, Form } from "./form.tsx";
import { bytes, count } from "./format.ts";
import { Versions } from "./module_parts.tsx";
import { type Frame, Page } from "./page.tsx";
import { Card, Empty, Head, link, Pager, State } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";
import { Tokens } from "./tokens.tsx";

const TENANTS_PAGE = 100;

function tenantsPath(page: number): string {
  return link("/operator/tenants", { page: String(page) });
}

/** All accounts, page by page, and a form for a new one. */
export function TenantsPage({ frame, tenants, invalidNames, page: asked }: {
  frame: Frame;
  tenants: TenantView[];
  invalidNames: string[];
  /** From 1, as the query has it. */
  page: number;
}) {
  const pages = Math.max(1, Math.ceil(tenants.length / TENANTS_PAGE));
  const page = Math.min(Math.max(1, Math.trunc(asked) || 1), pages);
  const shown = tenants.slice((page - 1) * TENANTS_PAGE, page * TENANTS_PAGE);
  return (
    <Page
      {...frame}
      title="Tenants"
      at="/operator/tenants"
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <Head title="Tenants" />
      {invalidNames.length > 0 && (
        <p class="notice warn">
          Accounts that cannot sign in, because their names are not allowed:{" "}
          {invalidNames.join(", ")}. Rename them in users.json.
        </p>
      )}
      <div class="columns">
        <section class="card" aria-label="Accounts" id="accounts" data-live>
          <Table columns={COLUMNS} items={shown} empty={<Empty title="No accounts yet" />} />
          <Pager page={page} pages={pages} label="Pages of the accounts" to={tenantsPath} />
        </section>
        <Card id="new" title="New account">
          <Form
            data-api="POST /v1/admin/tenants"
            data-done="Account created."
            submit="Create account"
            tone="primary"
          >
            <Field
              label="Name"
              name="name"
              required
              pattern={TENANT_NAME_PATTERN}
              title="1 to 63 of a-z, 0-9, dot, dash and underscore; a letter or digit first"
            />
            <Field
              label="Password"
              name="password"
              autocomplete="off"
              data-optional
              hint="If empty, a password is generated and shown once."
            />
          </Form>
        </Card>
      </div>
    </Page>
  );
}

const COLUMNS: Column<TenantView>[] = [
  {
    name: "Name",
    kind: "wide",
    cell: ({ name, ownConstraints, module }) => (
      <>
        <a class="name" href={`/operator/tenants/${name}`}>{name}</a>
        {module.pending.map((version) => (
          <div class="sub">
            <a href={`/operator/tenants/${name}/module/${version}`}>{version}</a>{" "}
            is waiting for approval
          </div>
        ))}
        {!ownConstraints && <div class="sub">default limits</div>}
      </>
    ),
  },
  { name: "Status", cell: ({ enabled }) => <AccountState enabled={enabled} /> },
  { name: "Formats", cell: ({ constraints }) => constraints?.formats.join(", ") ?? "unreadable" },
  {
    name: "Files at a time",
    kind: "num",
    cell: ({ constraints }) => constraints === null ? "-" : count(constraints.number_files),
  },
  {
    name: "Maximum file size",
    kind: "num",
    cell: ({ constraints }) => constraints === null ? "-" : bytes(constraints.data_sizes * 1024),
  },
];

function AccountState({ enabled }: { enabled: boolean }) {
  return <State state={enabled ? "active" : "disabled"} />;
}

/** One tenant: its module, its limits, and its account. */
export function TenantPage({ frame, tenant, module, tokens }: {
  frame: Frame;
  tenant: TenantView;
  module: ModuleView;
  tokens: TokenView[] | null;
}) {
  const { name, enabled } = tenant;
  const api = `/v1/admin/tenants/${name}`;
  return (
    <Page
      {...frame}
      title={name}
      at="/operator/tenants"
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <Head title={name} crumbs={<a href="/operator/tenants">Tenants</a>}>
        <a class="button" href={link("/operator/files", { tenant: name })}>View files</a>
      </Head>
      <div class="columns">
        <div class="stack">
          <Card id="module" title="Module" live>
            <Versions module={module} base={`/operator/tenants/${name}/module`} />
          </Card>
          <Constraints tenant={tenant} />
          <Tokens tokens={tokens} api={`${api}/tokens`} />
        </div>
        <div class="stack">
          <Card id="account" title="Account" side={<AccountState enabled={enabled} />} live>
            <Form
              data-api={`PATCH ${api}`}
              data-done={enabled ? "Account disabled." : "Account enabled."}
              submit={enabled ? "Disable" : "Enable"}
              tone={enabled ? "danger" : "primary"}
            >
              <p class="muted">
                {enabled
                  ? "A disabled account cannot sign in; its files and rows are kept."
                  : "This account cannot sign in. Its files and rows are kept."}
              </p>
              <input type="hidden" name="enabled" value={String(!enabled)} data-type="boolean" />
            </Form>
          </Card>
          <Card id="password" title="Password">
            <Form
              data-api={`POST ${api}/password`}
              data-done="Password changed."
              submit="Set password"
            >
              <Field
                label="New password"
                name="password"
                autocomplete="off"
                data-optional
                hint="If empty, a password is generated and shown once. Open sessions and API tokens end."
              />
            </Form>
          </Card>
        </div>
      </div>
    </Page>
  );
}

function Constraints({ tenant: { name, constraints, ownConstraints } }: { tenant: TenantView }) {
  const api = `/v1/admin/tenants/${name}/constraints`;
  return (
    <Card id="constraints" title="Upload limits">
      {constraints === null && (
        <p>
          The file with these limits has faults, so nothing can be uploaded. Run mysimbdp manage
          doctor to show them, or save new limits here.
        </p>
      )}
      <Form
        data-api={`PUT ${api}`}
        data-done="Saved, applies to new uploads."
        submit="Save limits"
        tone="primary"
      >
        <div class="fields">
          <Field
            label="Formats"
            name="formats"
            value={constraints?.formats.join(", ") ?? ""}
            required
            data-type="list"
            hint="File extensions with the dot, separated by commas."
          />
          <Field
            label="Files at a time"
            name="number_files"
            type="number"
            min={0}
            step={1}
            required
            value={constraints?.number_files ?? ""}
            data-type="number"
            hint="In one batch, such as one run of fetch."
          />
          <Field
            label="Maximum file size, in KB"
            name="data_sizes"
            type="number"
            min={0}
            step="any"
            required
            value={constraints?.data_sizes ?? ""}
            data-type="number"
            hint="1 KB is 1,024 bytes."
          />
        </div>
      </Form>
      {ownConstraints && (
        <Form
          data-api={`DELETE ${api}`}
          data-done="Reset to the defaults."
          data-reload
          submit="Reset to defaults"
        />
      )}
    </Card>
  );
}
