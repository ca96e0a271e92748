import { withHiddenShown } from "../../modules/visible.ts";
import type { SourcePageView } from "../../protocol/module_view.ts";
import { type Frame, Page } from "./page.tsx";
import { Card, Head, link, Pager } from "./parts.tsx";

/** A page of a file of a version, with hidden characters made visible. */
export function SourcePage({ frame, source, version, at, base }: {
  frame: Frame;
  source: SourcePageView;
  version: string;
  /** Path of the navigation entry. */
  at: string;
  /** The path of the version's page. */
  base: string;
}) {
  const { path, page, pages, text } = source;
  const to = (page: number) => link(`${base}/source`, { path, page: String(page) });
  return (
    <Page {...frame} title={`${path} of ${version}`} at={at}>
      <Head title={path} crumbs={<a href={base}>{version}</a>} />
      <Card id="source" title="Text">
        <div class="body">
          <pre tabindex={0}>{withHiddenShown(text)}</pre>
        </div>
        <Pager page={page} pages={pages} label="Pages of the file" to={to} />
      </Card>
    </Page>
  );
}
