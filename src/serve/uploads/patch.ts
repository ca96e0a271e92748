import { Failure } from "../../base/failure.ts";
import { HEADERS } from "../../protocol/paths.ts";
import type { Upload } from "../../staging/upload.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { badRequest } from "../http/problem_response.ts";
import { wrongContentType } from "./create.ts";
import type { UploadDeps } from "./deps.ts";
import { parseSha256 } from "./metadata.ts";
import { receiveBytes } from "./receive.ts";
import { finishedHeaders, ownUpload, progressHeaders } from "./respond.ts";
import { announcesBody, byteCount, isOffsetStream } from "./tus.ts";

/**
 * `PATCH /v1/uploads/:id`: the next bytes. The answer confirms that they are stored, and after the
 * last bytes that the whole file is durable and in staging.
 */
export function appendBytes(deps: UploadDeps): AppHandler {
  return async (c) => {
    if (!isOffsetStream(c)) throw wrongContentType(c);
    const offset = byteCount(c, "Upload-Offset");
    if (offset === undefined) throw badRequest("Cannot store the bytes: Upload-Offset is missing");
    const { upload, receipt } = await ownUpload(c, deps);
    if (receipt) {
      requireOffset(c, offset, receipt.size);
      if (announcesBody(c)) throw alreadyFinished(receipt.id);
      return c.body(null, 204, finishedHeaders(receipt));
    }
    return await deps.intake.uploads.hold(upload, async (holder) => {
      requireOffset(c, offset, upload.offset);
      await declareSha256(c, deps, upload);
      const finished = await receiveBytes(c, deps, upload, holder);
      return c.body(
        null,
        204,
        finished ? finishedHeaders(finished) : progressHeaders(upload, deps),
      );
    });
  };
}

/** A client that hashes while it sends declares the SHA-256 with the last bytes. */
async function declareSha256(c: AppContext, deps: UploadDeps, upload: Upload): Promise<void> {
  const header = c.req.header(HEADERS.sha256);
  if (header === undefined) return;
  const declared = parseSha256(header);
  const { sha256 } = upload.info;
  if (sha256 === declared) return;
  if (sha256 !== null) {
    throw badRequest("Cannot use the SHA-256: the upload began with a different one");
  }
  await deps.intake.uploads.noteSha256(upload, declared);
}

/** The failure for a request that would change a finished upload. */
export function alreadyFinished(id: string): Failure {
  return new Failure("refused", "already-finished", "Cannot change the upload: it is finished", {
    details: { fileId: id },
  });
}

function requireOffset(c: AppContext, offset: number, actual: number): void {
  if (offset === actual) return;
  c.header("Upload-Offset", String(actual));
  const text = `Cannot store bytes at ${offset}: the upload has ${actual}`;
  throw new Failure("refused", "offset-conflict", text, {
    hint: "Get the offset with HEAD and continue from there.",
    details: { offset: actual },
  });
}
