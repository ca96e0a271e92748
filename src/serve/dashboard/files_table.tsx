import type { AdminFile } from "../../protocol/admin_view.ts";
import { type FileView, isFinal, type RowCounts } from "../../protocol/file_view.ts";
import { versionText } from "../../protocol/file_versions.ts";
import { replayMeaning } from "../../protocol/replay.ts";
import { waitingText } from "../../protocol/waiting_text.ts";
import { bytes, count, speed } from "./format.ts";
import { Empty, FileStateLabel, Time } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";

/** A customer's own files. */
export function FilesTable({ files }: { files: FileView[] }) {
  return <Table columns={[fileColumn(""), ...COLUMNS]} items={files} />;
}

/** Files of all tenants, with a button to load each again. */
export function OperatorFilesTable({ files, empty }: { files: AdminFile[]; empty: string }) {
  return <Table columns={OPERATOR_COLUMNS} items={files} empty={<Empty title={empty} />} />;
}

function fileColumn(base: string): Column<FileView> {
  return {
    name: "File",
    kind: "wide",
    cell: (file) => {
      const { id, name, size, reason } = file;
      const versions = versionText(file);
      return (
        <>
          <a class="name" href={`${base}/files/${id}`}>{name}</a>
          <div class="sub clamp">
            {bytes(size)}
            {reason && ` · ${reason.message}`}
          </div>
          {versions && <div class="sub">{versions}</div>}
          {isHeldUp(file) && <div class="sub">Waiting: {waitingText(file)}</div>}
        </>
      );
    },
  };
}

/** Whether a file waits for something that somebody must do; the queue and retries pass by themselves. */
function isHeldUp({ waitingFor }: FileView): boolean {
  return waitingFor !== null && waitingFor.code !== "queue" && waitingFor.code !== "retry";
}

const COLUMNS: Column<FileView>[] = [
  { name: "State", cell: (file) => <FileStateLabel file={file} /> },
  { name: "Rows", kind: "num", cell: ({ rows }) => <Stored {...rows} /> },
  { name: "Rejected", kind: "num", cell: ({ rows }) => count(rows.rejected) },
  { name: "Speed", kind: "num", cell: ({ rows, seconds }) => speed(rows.read, seconds) ?? "–" },
  { name: "Received", cell: ({ receivedAt }) => <Time at={receivedAt} /> },
];

/** The stored records, and how many of the file's records they replaced. */
function Stored({ stored, replaced }: RowCounts) {
  return (
    <>
      {count(stored)}
      {replaced > 0 && <div class="sub">{count(replaced)} replaced</div>}
    </>
  );
}

const OPERATOR_COLUMNS: Column<AdminFile>[] = [
  fileColumn("/operator"),
  { name: "Tenant", cell: ({ tenant }) => <a href={`/operator/tenants/${tenant}`}>{tenant}</a> },
  ...COLUMNS,
  { name: "Load again", kind: "action", cell: (file) => <Again file={file} /> },
];

function Again({ file: { id, name, state, replayOrder } }: { file: AdminFile }) {
  if (replayOrder) {
    return <span class="muted small" title={replayMeaning(replayOrder)}>requested</span>;
  }
  if (!isFinal(state)) return null;
  return (
    <form method="post" data-api={`POST /v1/admin/files/${id}/replay`} data-done="Requested.">
      <button class="small" type="submit">
        Load again<span class="visually-hidden">{name}</span>
      </button>
      <output></output>
    </form>
  );
}
