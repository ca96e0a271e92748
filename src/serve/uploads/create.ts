import { checkFile, type Constraints } from "../../protocol/constraints.ts";
import { shortened } from "../../base/shortened.ts";
import { Failure } from "../../base/failure.ts";
import type { UploadReceipt } from "../../staging/upload_receipts.ts";
import type { Upload, UploadInfo } from "../../staging/upload.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { badRequest } from "../http/problem_response.ts";
import { beforeRefusal } from "../http/slots.ts";
import type { UploadDeps } from "./deps.ts";
import { parseMetadata } from "./metadata.ts";
import {
  mostUnfinished,
  noPlaceLeft,
  type TakenPlaces,
  tooManyUnfinished,
  uploadView,
} from "./places.ts";
import { finishUpload, receiveBytes } from "./receive.ts";
import { finishedHeaders, progressHeaders, uploadPath } from "./respond.ts";
import { announcesBody, byteCount, isOffsetStream } from "./tus.ts";

/**
 * `POST /v1/uploads`: begins an upload (extension creation). The body can have the first bytes or all
 * of them (creation-with-upload). A file that breaks a limit is refused before a byte is stored.
 */
export function createUpload(deps: UploadDeps): AppHandler {
  return async (c) => {
    if (announcesBody(c) && !isOffsetStream(c)) throw wrongContentType(c);
    const wanted = readRequest(c);
    const constraints = await deps.constraintsOf(c.get("tenant"));
    const refusal = checkFile(constraints, wanted.name, wanted.length);
    if (refusal) throw refusal;
    const twin = await findTwin(deps, wanted);
    const { uploads } = deps.intake;
    const isFull = uploads.count(wanted.tenant) >= mostUnfinished(deps, constraints) ||
      countOf(placesTaken(deps, wanted, twin)) >= constraints.number_files;
    if (isFull) await uploads.refresh(wanted.tenant);
    // A file that has a place: no await between counting and `create`, which adds it to the count.
    const place = placeInBatch(deps, wanted, twin, constraints);
    if (place instanceof Failure) {
      await beforeRefusal();
      throw place;
    }
    const info = { ...wanted, ...place };
    warnOfSize(deps, wanted, constraints);
    const upload = await uploads.create(info);
    const { id, tenant, name, length } = info;
    deps.emit({ kind: "upload.started", tenant, uploadId: id, name, bytes: length });
    return await answer(c, deps, upload);
  };
}

type WantedUpload = Omit<UploadInfo, "id" | "createdAt" | "counted">;

function readRequest(c: AppContext): WantedUpload {
  if (c.req.header("Upload-Concat") !== undefined) {
    throw badRequest(
      "Cannot join parts of a file: the tus extension concatenation is not supported",
    );
  }
  const { raw, ...metadata } = parseMetadata(c.req.header("Upload-Metadata"));
  const length = byteCount(c, "Upload-Length");
  if (length === undefined) throw noLength(c);
  const traceparent = c.get("traceparent") ?? undefined;
  return { ...metadata, tenant: c.get("tenant"), length, metadata: raw, traceparent };
}

/** The receipt of the same content, and whether the server still has it; null when it is new. */
type Twin = { receipt: UploadReceipt; isThere: boolean } | null;

async function findTwin(
  { intake }: UploadDeps,
  { tenant, name, sha256 }: WantedUpload,
): Promise<Twin> {
  const receipt = sha256 === null ? null : intake.receipts.same(tenant, name, sha256);
  return receipt && { receipt, isThere: await intake.isCurrent(receipt) };
}

/** The places of the batch that other files have. */
function placesTaken(
  { intake: { receipts, uploads } }: UploadDeps,
  { tenant, batch }: WantedUpload,
  twin: Twin,
): TakenPlaces {
  const unfinished = uploads.list(tenant).filter(({ info }) =>
    info.counted && (batch === null || info.batch === batch)
  );
  const received = batch === null ? 0 : receipts.countInBatch(tenant, batch);
  // A file that takes the place of a lost one does not need another place.
  const isReplaced = batch !== null && twin?.receipt.batch === batch && !twin.isThere;
  return {
    received: received - (isReplaced ? 1 : 0),
    unfinished,
    batch,
  };
}

function countOf({ received, unfinished }: TakenPlaces): number {
  return received + unfinished.length;
}

/** Counts the file in its batch. @returns the failure if it has no place there */
function placeInBatch(
  deps: UploadDeps,
  wanted: WantedUpload,
  twin: Twin,
  constraints: Constraints,
): Pick<UploadInfo, "id" | "createdAt" | "counted"> | Failure {
  const { intake, now, emit } = deps;
  const { tenant, name, batch } = wanted;
  const { receipts } = intake;
  if (batch !== null && !receipts.hasBatch(tenant, batch)) {
    return new Failure(
      "refused",
      "unknown-batch",
      `Cannot find batch ${JSON.stringify(shortened(batch, 100))}`,
      {
        hint: "Open a batch with POST /v1/batches.",
      },
    );
  }
  const unfinished = intake.uploads.count(tenant);
  const limit = mostUnfinished(deps, constraints);
  if (unfinished >= limit) return tooManyUnfinished(name, unfinished, limit, deps.maxUnfinished);
  const isKnown = twin?.isThere ?? false;
  const taken = placesTaken(deps, wanted, twin);
  const used = countOf(taken) + 1;
  const most = constraints.number_files;
  if (!isKnown && used > most) {
    const view = (upload: Upload) => uploadView(intake.uploads, upload, now());
    return noPlaceLeft(constraints, name, taken, view);
  }
  // Reported once, when the threshold is reached, and not for each later file.
  if (!isKnown && used === Math.ceil(NEAR * most)) {
    emit({ kind: "limit.near", tenant, limit: "number_files", used, most });
  }
  return { id: intake.nextId(), createdAt: now(), counted: !isKnown };
}

/** The operator is warned once this share of a limit is used. */
const NEAR = 0.8;

function warnOfSize(
  { emit }: UploadDeps,
  { tenant, length }: WantedUpload,
  { data_sizes: kilobytes }: Constraints,
): void {
  const most = kilobytes * 1024;
  if (length < NEAR * most) return;
  emit({ kind: "limit.near", tenant, limit: "data_sizes", used: length, most });
}

async function answer(c: AppContext, deps: UploadDeps, upload: Upload): Promise<Response> {
  const receipt = await firstBytes(c, deps, upload);
  const state = receipt ? finishedHeaders(receipt) : progressHeaders(upload, deps);
  return c.body(null, 201, { Location: uploadPath(upload.info.id), ...state });
}

/** Receives the body; on a failure the upload is removed, as the client does not learn its id. */
async function firstBytes(c: AppContext, deps: UploadDeps, upload: Upload) {
  return await deps.intake.uploads.hold(upload, async (holder) => {
    try {
      if (isOffsetStream(c)) return await receiveBytes(c, deps, upload, holder);
      return upload.complete ? await finishUpload(deps, upload) : null;
    } catch (error) {
      if (isFinal(error, upload)) await deps.intake.uploads.remove(upload);
      throw error;
    }
  });
}

/**
 * False after a body that was cut short, whose sender finds the upload at `GET /v1/uploads`, and
 * after unexpected errors: a hand-off may have started and will be completed later.
 */
function isFinal(error: unknown, { offset }: Upload): boolean {
  if (!(error instanceof Failure) || error.kind === "internal") return false;
  if (error.code === "too-busy") return offset === 0;
  return error.code !== "upload-interrupted" && error.code !== "body-stalled";
}

/** The failure for a body with the wrong media type. */
export function wrongContentType(c: AppContext): Failure {
  const type = JSON.stringify(c.req.header("Content-Type") ?? "");
  return new Failure("refused", "wrong-content-type", `Cannot accept a body of type ${type}`, {
    hint: 'Send "Content-Type: application/offset+octet-stream".',
  });
}

function noLength(c: AppContext): Failure {
  if (c.req.header("Upload-Defer-Length") === undefined) {
    return badRequest("Cannot begin the upload: Upload-Length is missing");
  }
  const text = "Cannot begin the upload: its length is unknown, so the limits cannot be checked";
  return new Failure("refused", "upload-length-deferred", text, {
    hint: "Send Upload-Length; the extension creation-defer-length is not supported.",
  });
}
