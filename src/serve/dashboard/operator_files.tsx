import type { AdminFileList } from "../../protocol/admin_view.ts";
import { OperatorFilesTable } from "./files_table.tsx";
import { type Frame, Page } from "./page.tsx";
import { FileStateTabs, Head, link } from "./parts.tsx";

/** The files of all tenants. */
export function OperatorFilesPage({ frame, list, state, tenant }: {
  frame: Frame;
  list: AdminFileList;
  state: string | undefined;
  tenant: string | undefined;
}) {
  const path = "/operator/files";
  return (
    <Page
      {...frame}
      title="Files"
      at={path}
      events="/v1/admin/events"
      scripts={["actions.js", "live.js"]}
    >
      <Head
        title={tenant ? `Files of ${tenant}` : "Files"}
        crumbs={tenant && <a href={link(path, { state })}>All tenants</a>}
      />
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
