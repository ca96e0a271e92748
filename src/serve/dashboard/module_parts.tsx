import { withHiddenShown } from "../../modules/visible.ts";
import type { ModuleView, VersionView, VersionWithFiles } from "../../protocol/module_view.ts";
import { formatCount } from "../../base/count.ts";
import type { DiffLine } from "./diff_pages.ts";
import { Card, Empty, State, Time } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";

/** A module's versions, newest first, each with a link to its page. */
export function Versions({ module, base }: { module: ModuleView; base: string }) {
  const version: Column<VersionView> = {
    name: "Version",
    kind: "wide",
    cell: ({ version }) => (
      <>
        <a class="name" href={`${base}/${version}`}>{version}</a>
        {version === module.current && <div class="sub">current version</div>}
      </>
    ),
  };
  const empty = (
    <Empty title="No versions yet">
      <span>Files wait until a version is approved.</span>
    </Empty>
  );
  return <Table columns={[version, ...COLUMNS]} items={module.versions} empty={empty} />;
}

const COLUMNS: Column<VersionView>[] = [
  { name: "State", cell: ({ state }) => <State state={state} /> },
  { name: "Submitted", cell: ({ submittedAt }) => <Time at={submittedAt} /> },
  { name: "Decided by", cell: ({ decidedBy }) => decidedBy ?? "–" },
  {
    name: "Note",
    cell: ({ note, faults }) =>
      note ?? (faults.length > 0 ? formatCount(faults.length, "fault") : "–"),
  },
];

/** The faults because of which a version cannot be used. */
export function Faults({ version: { faults } }: { version: VersionWithFiles }) {
  if (faults.length === 0) return null;
  return (
    <div class="notice bad">
      <strong>This version cannot be used:</strong>
      {faults.map(({ file, line, column, message }) => (
        <div>
          <code>{`${file}:${line}:${column}`}</code> {message}
        </div>
      ))}
    </div>
  );
}

/** The files of a version as submitted, with hidden characters made visible. */
export function Sources({ files }: { files: VersionWithFiles["files"] }) {
  const entries = Object.entries(files).sort(([a], [b]) => a < b ? -1 : 1);
  return (
    <Card id="sources" title="Files">
      <div class="body">
        {entries.length === 0 && <p class="muted">The files of this version were not kept.</p>}
        {entries.map(([path, text]) => (
          <details>
            <summary>
              <code>{path}</code>
            </summary>
            <pre
              tabindex={0}
            >{path.endsWith(".wasm") ? "WebAssembly (binary)" : withHiddenShown(text)}</pre>
          </details>
        ))}
      </div>
    </Card>
  );
}

/** Lines of a diff in colour; the signs at the start of the lines give the same information. */
export function Diff({ lines }: { lines: DiffLine[] }) {
  return (
    <div class="diff" tabindex={0} role="region" aria-label="Differences">
      {lines.map(({ text, tone }) => <span class={tone}>{text === "" ? " " : text}</span>)}
    </div>
  );
}
