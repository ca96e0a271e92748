import { HEADERS, PATHS } from "../../protocol/paths.ts";
import type { UploadReceipt } from "../../staging/upload_receipts.ts";
import type { Upload } from "../../staging/upload.ts";
import { uploadNotFound } from "../../staging/uploads.ts";
import type { AppContext } from "../http/env.ts";
import type { UploadDeps } from "./deps.ts";

/** An upload of the caller: unfinished, or finished and handed over. */
type OwnUpload = { upload: Upload; receipt: null } | { upload: null; receipt: UploadReceipt };

/**
 * Finds the upload in the path.
 * @throws {Failure} `upload-not-found`, also for an upload of another tenant, and for a finished one
 *   whose file the server has lost
 */
export async function ownUpload(c: AppContext, { intake }: UploadDeps): Promise<OwnUpload> {
  const tenant = c.get("tenant");
  const id = c.req.param("id") ?? "";
  const upload = intake.uploads.get(id);
  if (upload?.info.tenant === tenant) return { upload, receipt: null };
  const receipt = intake.receipts.ofUpload(tenant, id);
  if (receipt && await intake.has(receipt)) return { upload: null, receipt };
  throw uploadNotFound(id);
}

/** The path of an upload, for `Location`; without a host, as there can be a proxy in front. */
export function uploadPath(id: string): string {
  return `${PATHS.uploads}/${id}`;
}

/** Headers with the offset of an unfinished upload and when it expires. */
export function progressHeaders(upload: Upload, { intake }: UploadDeps): Record<string, string> {
  return {
    "Upload-Offset": String(upload.offset),
    "Upload-Expires": new Date(intake.uploads.expiresAt(upload)).toUTCString(),
  };
}

/** Headers that identify the file of a finished upload. */
export function finishedHeaders(receipt: UploadReceipt): Record<string, string> {
  return {
    "Upload-Offset": String(receipt.size),
    [HEADERS.fileId]: receipt.id,
    [HEADERS.fileVersion]: String(receipt.version),
    [HEADERS.sha256]: receipt.sha256,
  };
}
