import type { AdminFileList } from "../../protocol/admin_view.ts";
import { OperatorFilesTable } from "./files_table.tsx";
import { Page, type Viewer } from "./page.tsx";
import { FileStateTabs, link } from "./parts.tsx";

/** The files of all tenants. */
export function OperatorFilesPage({ version, viewer, list, state, tenant }: {
  version: string;
  viewer: Viewer;
  list: AdminFileList;
  state: string | undefined;
  tenant: string | undefined;
}) {
  const path = "/operator/files";
  return (
    <Page
      title="Files"
      version={version}
      viewer={viewer}
      at={path}
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <div class="head">
        <div>
          <h1>Files{tenant && ` of ${tenant}`}</h1>
          {tenant && (
            <p class="crumbs">
              <a href={link(path, { state })}>All tenants</a>
            </p>
          )}
        </div>
      </div>
      <section class="card" aria-label="Files" id="list" data-live>
        <header>
          <FileStateTabs path={path} tenant={tenant} at={state} />
        </header>
        <OperatorFilesTable files={list.files} empty="No files" />
        {list.next && (
          <div class="pager">
            <a class="button" href={link(path, { state, tenant, after: list.next })}>Older files</a>
          </div>
        )}
      </section>
    </Page>
  );
}
