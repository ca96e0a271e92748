import { Page, type Viewer } from "./page.tsx";

/** Shown instead of a page that failed. */
export function ErrorPage({ version, viewer, detail }: {
  version: string;
  viewer: Viewer | null;
  detail: string;
}) {
  return (
    <Page title="Page not available" version={version} viewer={viewer}>
      <div class="empty">
        <strong>This page cannot be shown</strong>
        <span>{detail}</span>
        <a href="/">Back to the home page</a>
      </div>
    </Page>
  );
}
