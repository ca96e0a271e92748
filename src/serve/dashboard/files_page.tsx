import type { Constraints } from "../../protocol/constraints.ts";
import type { FileList } from "../../protocol/file_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import type { TokenView } from "../../protocol/tokens.ts";
import type { Usage } from "../../protocol/usage.ts";
import { FilesTable } from "./files_table.tsx";
import { formatCount } from "../../base/count.ts";
import { bytes, count } from "./format.ts";
import { type Frame, Page } from "./page.tsx";
import { Tokens } from "./tokens.tsx";
import { Card, Empty, Facts, FileStateTabs, Head, link, Stat } from "./parts.tsx";

/** What the home page of a customer shows. */
interface FilesPageProps {
  frame: Frame;
  constraints: Constraints;
  usage: Usage;
  list: FileList;
  state: string | undefined;
  tokens: TokenView[] | null;
}

/** A customer's files, with an area to send new ones. */
export function FilesPage({ frame, constraints, usage, list, state, tokens }: FilesPageProps) {
  return (
    <Page
      {...frame}
      title="Files"
      at="/"
      events="/v1/events"
      scripts={["tus.min.js", "upload.js", "actions.js", "live.js"]}
    >
      <Head title="Files" lead="The files you sent, and whether they were loaded." />
      <Numbers usage={usage} />
      <div class="columns even">
        <Drop constraints={constraints} />
        <Limits constraints={constraints} usage={usage} />
      </div>
      <Card id="files" title="All files" side={<FileStateTabs path="/" at={state} />} live>
        {list.files.length === 0 ? <NoFiles state={state} /> : <FilesTable files={list.files} />}
        {list.next && (
          <div class="pager">
            <a class="button" href={link("/", { state, after: list.next })}>Older files</a>
          </div>
        )}
      </Card>
      {tokens !== null && tokens.length > 0 && <Tokens tokens={tokens} api={PATHS.tokens} />}
    </Page>
  );
}

function Numbers({ usage: { files, rows } }: { usage: Usage }) {
  const waiting = files.received + files.queued + files.running;
  const failed = files.refused + files.quarantined;
  return (
    <dl class="stats" id="numbers" data-live>
      <Stat name="Rows stored" value={count(rows.stored)} />
      <Stat name="Records rejected" value={count(rows.rejected)} />
      <Stat name="Files loaded" value={count(files.ingested)} />
      <Stat
        name="In progress"
        value={count(waiting)}
        note={files.running > 0 ? `${count(files.running)} loading` : undefined}
      />
      <Stat
        name="Failed"
        value={count(failed)}
        note={failed > 0 ? "see the reasons below" : undefined}
      />
    </dl>
  );
}

function Drop({ constraints }: { constraints: Constraints }) {
  return (
    <section aria-label="Send files" class="stack">
      <div class="drop" id="drop" data-constraints={JSON.stringify(constraints)} data-near={NEAR}>
        <strong>Drop files here</strong>
        <span class="muted">
          {constraints.formats.join(", ") || "no formats"} · up to{" "}
          {bytes(constraints.data_sizes * 1024)} each · up to{" "}
          {formatCount(constraints.number_files, "file")} at a time
        </span>
        <button type="button" class="primary" id="choose">Choose files</button>
        <input
          type="file"
          id="picker"
          multiple
          hidden
          accept={constraints.formats.join(",")}
          aria-label="Files to send"
        />
      </div>
      <ul class="transfers" id="transfers" aria-live="polite"></ul>
    </section>
  );
}

/** The page warns once this share of a limit is used, like the operator's log and metrics. */
const NEAR = 0.8;

function Limits({ constraints, usage }: { constraints: Constraints; usage: Usage }) {
  const { unfinished, left } = usage.uploads;
  return (
    <Card id="limits" title="Limits" as="aside" live>
      <div class="body">
        <Facts
          facts={[
            ["Formats", constraints.formats.join(", ") || "none"],
            ["Maximum file size", bytes(constraints.data_sizes * 1024)],
            ["Files at a time", count(constraints.number_files)],
            ["Available now", [
              count(left),
              " ",
              unfinished > 0 && `(${count(unfinished)} uploading)`,
            ]],
          ]}
        />
        <meter
          aria-label="Files that can be sent now"
          min={0}
          max={Math.max(1, constraints.number_files)}
          value={left}
        >
          {count(left)}
        </meter>
        {unfinished >= NEAR * constraints.number_files && (
          <p class="notice warn">
            {left === 0
              ? "Limit reached: finish the current uploads first."
              : `Close to the limit: ${count(unfinished)} of ${
                count(constraints.number_files)
              } uploads in progress.`}
          </p>
        )}
        <p class="muted small">
          To resume an interrupted upload, send the same file again. The same file is not loaded
          twice.
        </p>
      </div>
    </Card>
  );
}

function NoFiles({ state }: { state: string | undefined }) {
  return (
    <Empty title={state ? "No files in this state" : "No files yet"}>
      {!state && <span>Drop a file above, or run mysimbdp fetch.</span>}
    </Empty>
  );
}
