import { mapInSlices } from "../../base/slices.ts";
import { uploadListSchema, type UploadView } from "../../protocol/file_view.ts";
import { HEADERS, PATHS, TUS_VERSION } from "../../protocol/paths.ts";
import { FairTurns } from "../../staging/fair_turns.ts";
import type { Upload } from "../../staging/upload.ts";
import { EXAMPLE_CSV, EXAMPLE_METADATA, EXAMPLE_UPLOAD_ID } from "../api/examples.ts";
import type { ProblemCode } from "../http/problems.ts";
import { json, type Parameter, type Route, routesFor } from "../http/route.ts";
import { createUpload } from "./create.ts";
import { uploadView } from "./places.ts";
import type { UploadDeps } from "./deps.ts";
import { showOffset } from "./head.ts";
import { appendBytes } from "./patch.ts";
import { terminate } from "./terminate.ts";
import { discoveryHeaders, OFFSET_STREAM, overridden } from "./tus.ts";

const define = routesFor("Uploads", "customer");

const ONE_UPLOAD = `${PATHS.uploads}/:id` as const;
const params = { id: { description: "The upload, from `Location`.", example: EXAMPLE_UPLOAD_ID } };
const tusVersion: Parameter = { description: "The version of tus.", example: TUS_VERSION };
const checksum: Parameter = {
  description: "An algorithm and the checksum of the body in Base64.",
  example: "sha256 wGEwIpyYVu5CVLZoVmNdTV+EtmfF5lTLVtsFqVqR3ug=",
  required: false,
};
const offset: Parameter = {
  description: "The offset of the upload, where the body is stored.",
  example: "0",
};
const OFFSET_NOW = "Number of bytes that the server has stored.";
const finished = {
  [HEADERS.fileId]: "Once the upload is complete: the file's id under `/v1/files`.",
  [HEADERS.fileVersion]: "Once the upload is complete: 2 for the second content of this name.",
  [HEADERS.sha256]: "Once the upload is complete: the SHA-256 of the bytes that were received.",
};

/** Problems of receiving a body. */
const RECEIVING: ProblemCode[] = [
  "bad-request",
  "unsupported-checksum",
  "upload-interrupted",
  "body-stalled",
  "length-exceeded",
  "sha256-mismatch",
  "checksum-mismatch",
  "too-busy",
  "no-space",
  "unavailable",
];
const EXISTING: ProblemCode[] = ["tus-version", "upload-not-found", "upload-locked"];
const APPENDING: ProblemCode[] = [
  ...EXISTING,
  "wrong-content-type",
  "offset-conflict",
  "already-finished",
  ...RECEIVING,
];

/** Resumable uploads by tus 1.0.0. */
export function uploadRoutes(deps: UploadDeps): Route[] {
  const append = appendBytes(deps);
  const drop = terminate(deps);
  const show = showOffset(deps);
  const lists = new FairTurns({ total: 4, perTenant: 1 });
  return [
    define({
      method: "options",
      path: `${PATHS.uploads}/:id?`,
      id: "discoverUploads",
      summary: "Show the capabilities of the upload server",
      answer: {
        status: 204,
        description: "The capabilities are in the headers.",
        headers: {
          "Tus-Version": "Supported versions of tus.",
          "Tus-Extension": "Supported extensions of tus.",
          "Tus-Checksum-Algorithm": "Supported algorithms for `Upload-Checksum`.",
          "Tus-Max-Size": "The size limit of your files, in bytes.",
        },
      },
      async handle(c) {
        const { data_sizes } = await deps.constraintsOf(c.get("tenant"));
        return c.body(null, 204, discoveryHeaders(Math.floor(data_sizes * 1024)));
      },
    }),
    define({
      method: "get",
      path: PATHS.uploads,
      id: "listUploads",
      summary: "List unfinished uploads",
      description: "Oldest first. They hold places of `number_files` until they are finished, " +
        "deleted or expired. Not part of tus.",
      answer: json(200, "Your unfinished uploads.", uploadListSchema, {
        uploads: [{
          id: EXAMPLE_UPLOAD_ID,
          name: "april.csv",
          sha256: null,
          length: 38,
          offset: 0,
          createdAt: "2026-11-24T04:46:52.016Z",
          expiresAt: "2026-11-24T05:46:52.016Z",
          idleSeconds: 12,
        }],
      }),
      handle: (c) => lists.run(c.get("tenant"), () => listUploads(deps, c.get("tenant"))),
    }),
    define({
      method: "post",
      path: PATHS.uploads,
      id: "createUpload",
      summary: "Begin an upload",
      description: "The body can have the first bytes, all bytes or none. A file that breaks a " +
        "limit is refused before any byte is stored.",
      headers: {
        "Tus-Resumable": tusVersion,
        "Upload-Length": {
          description: "The size of the file in bytes.",
          example: String(EXAMPLE_CSV.length),
        },
        "Upload-Metadata": {
          description: "Pairs of a key and a Base64 value: `filename`; optional: `sha256` " +
            "(hexadecimal, then Base64) and `batch`.",
          example: EXAMPLE_METADATA,
        },
        "Upload-Checksum": checksum,
      },
      body: { mediaType: OFFSET_STREAM, example: EXAMPLE_CSV, required: false },
      answer: {
        status: 201,
        description: "The upload has begun. It is complete if the body had all bytes.",
        headers: { Location: "The upload.", "Upload-Offset": OFFSET_NOW, ...finished },
      },
      problems: [
        "tus-version",
        "upload-length-deferred",
        "wrong-content-type",
        "bad-file-name",
        "format-not-allowed",
        "file-too-large",
        "too-many-files",
        "too-many-unfinished",
        "unknown-batch",
        "limits-unreadable",
        ...RECEIVING,
      ],
      handle: createUpload(deps),
    }),
    define({
      method: "head",
      path: ONE_UPLOAD,
      id: "showUpload",
      summary: "Show the offset of an upload",
      params,
      headers: { "Tus-Resumable": tusVersion },
      answer: {
        status: 200,
        description: "The offset is in the headers.",
        headers: {
          "Upload-Offset": OFFSET_NOW,
          "Upload-Length": "The size of the file in bytes.",
          "Upload-Metadata": "The metadata as it was sent.",
          "Upload-Expires": "While unfinished: when the upload expires if no bytes arrive.",
          ...finished,
        },
      },
      problems: [...EXISTING, "unavailable"],
      handle: show,
    }),
    define({
      method: "patch",
      path: ONE_UPLOAD,
      id: "appendToUpload",
      summary: "Send the next bytes",
      description: "The answer confirms that the bytes are stored. After the last bytes it " +
        "confirms that the whole file is durable and queued for loading.",
      params,
      headers: {
        "Tus-Resumable": tusVersion,
        "Upload-Offset": offset,
        "Upload-Checksum": checksum,
      },
      body: { mediaType: OFFSET_STREAM, example: EXAMPLE_CSV },
      answer: {
        status: 204,
        description: "The bytes are stored.",
        headers: { "Upload-Offset": OFFSET_NOW, ...finished },
      },
      problems: APPENDING,
      handle: append,
    }),
    define({
      method: "delete",
      path: ONE_UPLOAD,
      id: "dropUpload",
      summary: "Delete an unfinished upload",
      writes: false,
      params,
      headers: { "Tus-Resumable": tusVersion },
      answer: { status: 204, description: "The upload is deleted." },
      problems: [...EXISTING, "already-finished", "unavailable"],
      handle: drop,
    }),
    define({
      method: "post",
      path: ONE_UPLOAD,
      id: "overrideUpload",
      summary: "Use another method with POST",
      description: "For clients that can only send POST.",
      writes: false,
      params,
      headers: {
        "Tus-Resumable": tusVersion,
        "X-HTTP-Method-Override": { description: "`PATCH`, `HEAD` or `DELETE`.", example: "PATCH" },
        "Upload-Offset": offset,
      },
      body: { mediaType: OFFSET_STREAM, example: EXAMPLE_CSV, required: false },
      answer: {
        status: 204,
        description: "The answer of that method.",
        headers: { "Upload-Offset": OFFSET_NOW },
      },
      problems: APPENDING,
      handle: overridden({ PATCH: append, DELETE: drop, HEAD: show }),
    }),
  ];
}

/** A tenant's unfinished uploads. There can be thousands, so other requests have their turn in between. */
async function listUploads(
  { intake: { uploads }, now }: UploadDeps,
  tenant: string,
): Promise<{ uploads: UploadView[] }> {
  await uploads.refresh(tenant);
  const at = now();
  const view = (upload: Upload) => Promise.resolve(uploadView(uploads, upload, at));
  return { uploads: await mapInSlices(uploads.list(tenant), view) };
}
