import { formatCount, formatNumber } from "../../base/count.ts";
import { Failure } from "../../base/failure.ts";
import type { Constraints } from "../../protocol/constraints.ts";
import type { UploadView } from "../../protocol/file_view.ts";
import type { Upload } from "../../staging/upload.ts";
import type { Uploads } from "../../staging/uploads.ts";
import type { UploadDeps } from "./deps.ts";

/** Maximum number of uploads that a message names. */
const NAMED = 5;
const FINISH = "Finish these uploads, or delete them: DELETE /v1/uploads/ID, or mysimbdp fetch " +
  "uploads discard. They also end when they expire.";
/** Maximum number of ids in its details. */
const LISTED = 100;
/** Unfinished uploads that every tenant can have, however small its batches are. */
const LEAST_UNFINISHED = 20;

/** An unfinished upload as its customer sees it. @param now milliseconds since the epoch */
export function uploadView(uploads: Uploads, upload: Upload, now: number): UploadView {
  const { info: { id, name, sha256, length, createdAt }, offset, touchedAt } = upload;
  return {
    id,
    name,
    sha256,
    length,
    offset,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(uploads.expiresAt(upload)).toISOString(),
    idleSeconds: upload.holder ? 0 : Math.max(0, Math.round((now - touchedAt) / 1000)),
  };
}

/** What holds the places of a batch. */
export interface TakenPlaces {
  /** Files of the batch that were received. */
  received: number;
  unfinished: Upload[];
  /** Null for uploads without a batch, which count together. */
  batch: string | null;
}

/** The failure for a file that finds no place in its batch: it names the uploads that hold them. */
export function noPlaceLeft(
  { number_files: limit }: Constraints,
  name: string,
  { received, unfinished, batch }: TakenPlaces,
  view: (upload: Upload) => UploadView,
): Failure {
  const held = [
    ...(received > 0 ? [`${formatCount(received, "received file")}`] : []),
    ...(unfinished.length > 0 ? [formatCount(unfinished.length, "unfinished upload")] : []),
  ].join(" and ");
  const where = batch === null ? "" : ` in batch ${batch}`;
  const list = unfinished.length === 0 ? "" : `: ${namesOf(unfinished, view)}`;
  const text = `Cannot accept "${name}": number_files is ${formatNumber(limit)}, and ` +
    `${held}${where} hold all places${list}`;
  return new Failure("refused", "too-many-files", text, {
    hint: unfinished.length === 0 ? "Send it in the next run." : FINISH,
    details: { limit, uploads: unfinished.slice(0, LISTED).map(({ info }) => info.id).join(" ") },
  });
}

/**
 * The most unfinished uploads of a tenant, in all its batches and without one: two full batches, so that
 * one can begin before the last ends.
 */
export function mostUnfinished(
  { maxUnfinished }: Pick<UploadDeps, "maxUnfinished">,
  { number_files }: Constraints,
): number {
  return Math.min(maxUnfinished, Math.max(LEAST_UNFINISHED, 2 * number_files));
}

/** The failure for an upload beyond {@link mostUnfinished}. */
export function tooManyUnfinished(
  name: string,
  unfinished: number,
  limit: number,
  maxUnfinished: number,
): Failure {
  const setting = limit === maxUnfinished
    ? "uploads.max_unfinished"
    : `twice number_files, at least ${LEAST_UNFINISHED}`;
  const text = `Cannot accept "${name}": the account has ${
    formatCount(unfinished, "unfinished upload")
  } in all its batches (limit: ${formatNumber(limit)}, ${setting})`;
  return new Failure("refused", "too-many-unfinished", text, { hint: FINISH, details: { limit } });
}

function namesOf(uploads: Upload[], view: (upload: Upload) => UploadView): string {
  const named = uploads.slice(0, NAMED).map(view).map((
    { name, id, offset, length, createdAt, expiresAt },
  ) =>
    `"${name}" (${id}, ${formatNumber(offset)} of ${formatNumber(length)} bytes, ` +
    `begun ${inSeconds(createdAt)}, expires ${inSeconds(expiresAt)})`
  );
  const more = uploads.length - named.length;
  return named.join(", ") + (more > 0 ? `, and ${formatNumber(more)} more` : "");
}

function inSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}
