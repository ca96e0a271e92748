import type { FileView, RejectList, RejectView } from "../../protocol/file_view.ts";
import { Field } from "./form.tsx";
import { count } from "./format.ts";
import { Card, link } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";

/** Rejects per page. */
export const REJECTS_PAGE = 50;
/** The server stores at most this many characters of a record; a cut one cannot be sent again. */
const CUT = 4096;

/** The rejected records of a file; its owner can correct them and send them as a new file. */
export function Rejects({ file, list, after, isOperator }: {
  file: FileView;
  list: RejectList;
  after: number;
  isOperator: boolean;
}) {
  const api = isOperator ? "/v1/admin/files" : "/v1/files";
  const page = isOperator ? "/operator/files" : "/files";
  const last = after + list.rejects.length;
  return (
    <Card
      id="rejects"
      title="Rejected records"
      side={<a class="button" href={`${api}/${file.id}/rejects.csv`}>Download as CSV</a>}
    >
      {isOperator
        ? <RejectsTable rejects={list.rejects} editable={false} />
        : <FixForm file={file} rejects={list.rejects} />}
      <div class="pager">
        <span class="muted">
          {count(after + 1)} to {count(last)} of {count(Math.max(file.rows.rejected, last))}
        </span>
        {after > 0 && (
          <a
            class="button"
            href={link(`${page}/${file.id}`, { after: String(Math.max(0, after - REJECTS_PAGE)) })}
          >
            Previous
          </a>
        )}
        {list.next !== null && (
          <a class="button" href={link(`${page}/${file.id}`, { after: String(list.next) })}>Next</a>
        )}
      </div>
    </Card>
  );
}

function FixForm({ file, rejects }: { file: FileView; rejects: RejectView[] }) {
  return (
    <form method="post" id="fix" data-file={file.id}>
      <RejectsTable rejects={rejects} editable />
      <div class="body stack">
        <h3>Send the corrected records as a new file</h3>
        <p class="muted">
          Correct the records above. Every record that you change is selected. The selected records
          are sent, with the header of the original file as the first line.
        </p>
        <div class="fields">
          <Field label="New file name" name="name" required value={fixedName(file.name)} />
          <label>
            Header (first line)
            <textarea name="header" rows={1} placeholder="none"></textarea>
          </label>
        </div>
        <div class="actions">
          <button class="primary" type="submit">Send corrected records</button>
          <output aria-live="polite"></output>
        </div>
      </div>
    </form>
  );
}

function RejectsTable({ rejects, editable }: { rejects: RejectView[]; editable: boolean }) {
  const columns = editable ? [SEND, ...COLUMNS, EDITABLE_RECORD] : [...COLUMNS, RECORD];
  return <Table columns={columns} items={rejects} row={() => ({ "data-reject": true })} />;
}

const COLUMNS: Column<RejectView>[] = [
  { name: "Line", kind: "num", cell: ({ line }) => count(line) },
  { name: "Column", cell: ({ column }) => column ?? "–" },
  { name: "Reason", cell: ({ reason }) => reason },
];
const SEND: Column<RejectView> = {
  name: "Send",
  cell: ({ line, raw }) => (
    <input type="checkbox" aria-label={`Send line ${line}`} disabled={isCut(raw)} />
  ),
};
const RECORD: Column<RejectView> = {
  name: "Record",
  kind: "wide record",
  cell: ({ raw }) => (
    <>
      <div class="raw">{raw}</div>
      {isCut(raw) && <div class="sub">Cut at {count(CUT)} characters: correct it in the file.</div>}
    </>
  ),
};
const EDITABLE_RECORD: Column<RejectView> = {
  ...RECORD,
  cell(reject) {
    const { line, raw } = reject;
    if (isCut(raw)) return RECORD.cell(reject);
    const rows = Math.min(8, Math.max(1, raw.split("\n").length, Math.ceil(raw.length / 60)));
    return <textarea aria-label={`Record on line ${line}`} rows={rows}>{raw}</textarea>;
  },
};

function isCut(raw: string): boolean {
  return raw.length >= CUT;
}

/** Returns `a-fixed.csv` for `a.csv`; corrected records are sent without compression. */
function fixedName(name: string): string {
  const plain = name.replace(/\.gz$/i, "");
  const dot = plain.lastIndexOf(".");
  return dot > 0 ? `${plain.slice(0, dot)}-fixed${plain.slice(dot)}` : `${plain}-fixed`;
}
