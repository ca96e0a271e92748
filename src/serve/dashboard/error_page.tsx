import { type Frame, Page } from "./page.tsx";
import { Empty } from "./parts.tsx";

/** Shown instead of a page that failed. */
export function ErrorPage({ frame, detail }: { frame: Frame; detail: string }) {
  return (
    <Page {...frame} title="Page not available">
      <Empty title="This page cannot be shown">
        <span>{detail}</span>
        <a href="/">Back to the home page</a>
      </Empty>
    </Page>
  );
}
