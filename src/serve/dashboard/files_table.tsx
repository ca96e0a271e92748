import type { AdminFile } from "../../protocol/admin_view.ts";
import { type FileView, isFinal } from "../../protocol/file_view.ts";
import { bytes, count, speed } from "./format.ts";
import { FileStateLabel, Time } from "./parts.tsx";

/** A customer's own files. */
export function FilesTable({ files }: { files: FileView[] }) {
  return <Table rows={files.map((file) => <Row file={file} />)} />;
}

/** Files of all tenants, with a button to load each again. */
export function OperatorFilesTable({ files, empty }: { files: AdminFile[]; empty: string }) {
  if (files.length === 0) {
    return (
      <div class="empty">
        <strong>{empty}</strong>
      </div>
    );
  }
  return <Table rows={files.map((file) => <Row file={file} admin={file} />)} isOperators />;
}

function Table({ rows, isOperators = false }: {
  rows: ReturnType<typeof Row>[];
  isOperators?: boolean;
}) {
  return (
    <div class="scroll">
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">File</th>
            {isOperators && <th scope="col">Tenant</th>}
            <th scope="col">State</th>
            <th scope="col" class="num">Rows</th>
            <th scope="col" class="num">Rejected</th>
            <th scope="col" class="num">Speed</th>
            <th scope="col">Received</th>
            {isOperators && (
              <th scope="col">
                <span class="visually-hidden">Load again</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{rows}</tbody>
      </table>
    </div>
  );
}

function Row({ file, admin }: { file: FileView; admin?: AdminFile }) {
  const { id, name, version, size, rows, seconds, reason, receivedAt } = file;
  return (
    <tr>
      <td class="wide">
        <a class="name" href={`${admin ? "/operator" : ""}/files/${id}`}>{name}</a>
        <div class="sub clamp">
          {bytes(size)}
          {version > 1 && ` · version ${version}`}
          {reason && ` · ${reason.message}`}
        </div>
      </td>
      {admin && (
        <td data-label="Tenant">
          <a href={`/operator/tenants/${admin.tenant}`}>{admin.tenant}</a>
        </td>
      )}
      <td data-label="State">
        <FileStateLabel file={file} />
      </td>
      <td class="num" data-label="Rows">{count(rows.stored)}</td>
      <td class="num" data-label="Rejected">{count(rows.rejected)}</td>
      <td class="num" data-label="Speed">{speed(rows.read, seconds) ?? "–"}</td>
      <td data-label="Received">
        <Time at={receivedAt} />
      </td>
      {admin && (
        <td>
          <Again file={admin} />
        </td>
      )}
    </tr>
  );
}

function Again({ file: { id, name, state, replayRequested } }: { file: AdminFile }) {
  if (replayRequested) return <span class="muted small">requested</span>;
  if (!isFinal(state)) return null;
  return (
    <form data-api={`POST /v1/admin/files/${id}/replay`} data-done="Requested.">
      <button class="small" type="submit">
        Load again<span class="visually-hidden">{name}</span>
      </button>
      <output></output>
    </form>
  );
}
