import { withHiddenShown } from "../../modules/visible.ts";
import type { SourcePageView } from "../../protocol/module_view.ts";
import { count } from "./format.ts";
import { type Frame, Page } from "./page.tsx";
import { Card, Head, link } from "./parts.tsx";

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
        {pages > 1 && (
          <nav class="pager" aria-label="Pages of the file">
            <span class="muted">page {count(page)} of {count(pages)}</span>
            {page > 1 && <a class="button" href={to(page - 1)} rel="prev">Previous</a>}
            {page < pages && <a class="button" href={to(page + 1)} rel="next">Next</a>}
          </nav>
        )}
      </Card>
    </Page>
  );
}
