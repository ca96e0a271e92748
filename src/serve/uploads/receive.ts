import { Failure } from "../../base/failure.ts";
import type { UploadReceipt } from "../../staging/upload_receipts.ts";
import type { Holder, Upload } from "../../staging/upload.ts";
import type { UploadWriter } from "../../staging/upload_writer.ts";
import type { AppContext } from "../http/env.ts";
import type { BodyEnd } from "../../telemetry/events.ts";
import { callerOf } from "../http/body.ts";
import { streamBody } from "./body.ts";
import { type Checksum, parseChecksum } from "./checksum.ts";
import type { UploadDeps } from "./deps.ts";
import { byteCount } from "./tus.ts";

/**
 * Receives the bytes of a request into an upload that the caller holds, and hands the file over to
 * staging when it is complete. Bytes that arrived before the client disconnected are kept; bytes
 * with a wrong checksum, or beyond the upload's length, are not.
 *
 * @returns the receipt of the finished file; null if bytes are missing
 * @throws {Failure} `length-exceeded`, `checksum-mismatch`, `unsupported-checksum`, `body-stalled`,
 * `upload-interrupted`, `too-busy`, `no-space`, `sha256-mismatch`
 */
export async function receiveBytes(
  c: AppContext,
  deps: UploadDeps,
  upload: Upload,
  holder: Holder,
): Promise<UploadReceipt | null> {
  const header = c.req.header("Upload-Checksum");
  const checksum = header === undefined ? null : parseChecksum(header);
  const declared = byteCount(c, "Content-Length");
  if (declared !== undefined && upload.offset + declared > upload.info.length) {
    throw tooLong(upload);
  }
  if (declared !== 0 && c.req.raw.body !== null) {
    await deps.intake.disk.require(declared);
    const { uploads } = c.get("bodies");
    await uploads.run(
      callerOf(c),
      (displaced) => append(c, deps, upload, { holder, checksum, displaced }),
    );
  }
  return upload.complete ? await finishUpload(deps, upload) : null;
}

/** Hands a complete upload over and reports it. The caller holds the upload. */
export async function finishUpload(deps: UploadDeps, upload: Upload): Promise<UploadReceipt> {
  const receipt = await deps.intake.finish(upload);
  const { id: fileId, tenant, name, version, size, sha256, uploadId: id } = receipt;
  const file = { tenant, fileId, name, uploadId: id, bytes: size };
  if (id === fileId) deps.emit({ kind: "upload.finished", ...file, version, sha256 });
  else deps.emit({ kind: "upload.duplicate", ...file });
  return receipt;
}

/** What receives a body. */
interface Receiver {
  holder: Holder;
  checksum: Checksum | null;
  /** Aborts when another body has its slot. */
  displaced: AbortSignal;
}

async function append(
  c: AppContext,
  deps: UploadDeps,
  upload: Upload,
  receiver: Receiver,
): Promise<void> {
  const { uploads } = deps.intake;
  const { checksum } = receiver;
  try {
    await uploads.markUnchecked(upload, checksum !== null);
    const writer = await uploads.openWriter(upload, checksum?.update);
    const { end, received } = await fill(c, deps, upload, receiver, writer);
    await uploads.markUnchecked(upload, false);
    await uploads.stored(upload, received);
    const { tenant, id } = upload.info;
    deps.emit({ kind: "upload.received", tenant, uploadId: id, bytes: received, ended: end });
    if (end !== "whole" && !upload.complete) throw endedEarly(c, upload, end);
  } catch (error) {
    throw deps.intake.disk.explain(error);
  }
}

/** Streams the body into the writer and closes it; on a failure none of the bytes are kept. */
async function fill(
  c: AppContext,
  deps: UploadDeps,
  upload: Upload,
  { holder, checksum, displaced }: Receiver,
  writer: UploadWriter,
): Promise<{ end: BodyEnd; received: number }> {
  const limit = upload.info.length - upload.offset;
  const { sender } = c.get("bodies");
  try {
    const end = await streamBody(c.req.raw.body, writer, holder, { limit, sender, displaced });
    if (end === "too-long") throw tooLong(upload);
    // An incomplete body cannot be checked, so it is treated like a wrong one.
    if (checksum && end !== "whole") throw endedEarly(c, upload, end);
    const received = writer.offset - upload.offset;
    await writer.close();
    checksum?.verify();
    return { end, received };
  } catch (error) {
    await writer.abandon();
    await deps.intake.uploads.cutOff(upload);
    throw error;
  }
}

function tooLong(upload: Upload): Failure {
  const { name, length } = upload.info;
  const text = `Cannot store "${name}": more bytes arrived than its Upload-Length of ${length}`;
  return new Failure("refused", "length-exceeded", text, {
    hint: "Begin a new upload with the correct Upload-Length.",
    details: { length },
  });
}

function endedEarly(c: AppContext, upload: Upload, end: Exclude<BodyEnd, "whole">): Failure {
  // The rest of the body will not be read.
  c.header("Connection", "close");
  const text = `Cannot finish "${upload.info.name}"`;
  const hint = "Get the offset with HEAD and continue from there.";
  switch (end) {
    case "stalled":
      return new Failure("refused", "body-stalled", `${text}: its bytes arrive too slowly`, {
        hint,
      });
    case "displaced":
      return new Failure("server", "too-busy", `${text}: too many uploads at the same time`, {
        hint,
        details: { retryAfterSeconds: 1 },
      });
    default: {
      const how = end === "cut" ? "cut off" : "interrupted";
      return new Failure("refused", "upload-interrupted", `${text}: the request was ${how}`, {
        hint,
      });
    }
  }
}
