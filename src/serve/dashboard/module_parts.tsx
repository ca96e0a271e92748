import type { DiffPage } from "../../modules/diff_pages.ts";
import type { ModuleView, VersionSources, VersionView } from "../../protocol/module_view.ts";
import { formatCount } from "../../base/count.ts";
import { bytes } from "./format.ts";
import { Card, Empty, link, State, Time } from "./parts.tsx";
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
export function Faults({ version: { faults } }: { version: VersionView }) {
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

/** The files of a version as submitted, each with a link to its text. @param base the version's path */
export function Sources({ sources, base }: { sources: VersionSources["sources"]; base: string }) {
  const columns: Column<VersionSources["sources"][number]>[] = [
    {
      name: "File",
      kind: "wide",
      cell: ({ path, pages }) =>
        pages === 0
          ? <code>{path}</code>
          : <a class="name" href={link(`${base}/source`, { path })}>{path}</a>,
    },
    { name: "Size", kind: "num", cell: (file) => bytes(file.bytes) },
  ];
  const empty = <Empty title="The files of this version were not kept" />;
  return (
    <Card id="sources" title="Files">
      <Table columns={columns} items={sources} empty={empty} />
    </Card>
  );
}

/** Lines of a diff in colour; the signs at the start of the lines give the same information. */
export function Diff({ page: { lines, startsWithin, endsWithin } }: { page: DiffPage }) {
  return (
    <>
      {startsWithin && <p class="muted">The first line continues from the page before.</p>}
      <div class="diff" tabindex={0} role="region" aria-label="Differences">
        {lines.map(({ text, tone }) => (
          <span class={tone ?? undefined}>{text === "" ? " " : text}</span>
        ))}
      </div>
      {endsWithin && <p class="muted">The last line continues on the next page.</p>}
    </>
  );
}
