import { Page, type Viewer } from "./page.tsx";

/** A page that could not be shown, for a person. */
export function FaultPage({ version, viewer, detail }: {
  version: string;
  viewer: Viewer | null;
  detail: string;
}) {
  return (
    <Page title="Not here" version={version} viewer={viewer}>
      <div class="empty">
        <strong>This cannot be shown</strong>
        <span>{detail}</span>
        <a href="/">Back to the start</a>
      </div>
    </Page>
  );
}
