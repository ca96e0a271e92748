import { uploadListSchema } from "../../protocol/file_view.ts";
import { HEADERS, PATHS, TUS_VERSION } from "../../protocol/paths.ts";
import type { ProblemCode } from "../http/problems.ts";
import { EXAMPLE_CSV, EXAMPLE_METADATA, EXAMPLE_UPLOAD_ID } from "./examples.ts";
import type { Operation, Parameter } from "./operation.ts";

const TAG = "Uploads";
const OFFSET_STREAM = "application/offset+octet-stream";

const tusVersion: Parameter = {
  name: "Tus-Resumable",
  in: "header",
  description: "The version of tus.",
  example: TUS_VERSION,
};
const uploadId: Parameter = {
  name: "id",
  in: "path",
  description: "The upload, from `Location`.",
  example: EXAMPLE_UPLOAD_ID,
};
const checksum: Parameter = {
  name: "Upload-Checksum",
  in: "header",
  description: "An algorithm and the Base64 of the body's checksum by it.",
  example: "sha256 wGEwIpyYVu5CVLZoVmNdTV+EtmfF5lTLVtsFqVqR3ug=",
  required: false,
};
const offset: Parameter = {
  name: "Upload-Offset",
  in: "header",
  description: "Bytes that the upload has: where the body goes.",
  example: "0",
};
const finished = {
  [HEADERS.fileId]: "When it is complete: the file's id under `/v1/files`.",
  [HEADERS.sha256]: "When it is complete: the SHA-256 of what the server received.",
};
const OFFSET_NOW = "Bytes that the server holds.";

/** What may happen to bytes on their way. */
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
];
const ONE_UPLOAD: ProblemCode[] = ["tus-version", "upload-not-found", "upload-locked"];

/** Resumable uploads by tus 1.0.0. */
export const UPLOAD_OPERATIONS: Operation[] = [
  {
    method: "options",
    path: PATHS.uploads,
    id: "discoverUploads",
    tag: TAG,
    summary: "What the upload server can do",
    audience: "customer",
    answer: {
      status: 204,
      description: "In the headers.",
      headers: {
        "Tus-Version": "Versions of tus.",
        "Tus-Extension": "Extensions of tus.",
        "Tus-Checksum-Algorithm": "Algorithms for `Upload-Checksum`.",
        "Tus-Max-Size": "The caller's largest file, in bytes.",
      },
    },
  },
  {
    method: "get",
    path: PATHS.uploads,
    id: "listUploads",
    tag: TAG,
    summary: "Unfinished uploads",
    description: "Oldest first. It is not of tus.",
    audience: "customer",
    answer: {
      status: 200,
      description: "The caller's unfinished uploads.",
      body: {
        schema: uploadListSchema,
        example: {
          uploads: [{
            id: EXAMPLE_UPLOAD_ID,
            name: "april.csv",
            sha256: null,
            length: 38,
            offset: 0,
          }],
        },
      },
    },
  },
  {
    method: "post",
    path: PATHS.uploads,
    id: "createUpload",
    tag: TAG,
    summary: "Begin an upload",
    description: "With its first bytes or all of them in the body, or with none. What is known " +
      "to be refused is refused before a byte is stored.",
    audience: "customer",
    parameters: [
      tusVersion,
      {
        name: "Upload-Length",
        in: "header",
        description: "Bytes that the file has.",
        example: String(EXAMPLE_CSV.length),
      },
      {
        name: "Upload-Metadata",
        in: "header",
        description: "Pairs of a key and a Base64 value: `filename`, and if you like `sha256` " +
          "(of its hexadecimal form) and `batch`.",
        example: EXAMPLE_METADATA,
      },
      checksum,
    ],
    body: { mediaType: OFFSET_STREAM, example: EXAMPLE_CSV, required: false },
    answer: {
      status: 201,
      description: "It has begun, and is complete where all bytes came with it.",
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
      "unknown-batch",
      ...RECEIVING,
    ],
  },
  {
    method: "head",
    path: `${PATHS.uploads}/{id}`,
    id: "showUpload",
    tag: TAG,
    summary: "How far an upload is",
    audience: "customer",
    parameters: [tusVersion, uploadId],
    answer: {
      status: 200,
      description: "In the headers.",
      headers: {
        "Upload-Offset": OFFSET_NOW,
        "Upload-Length": "Bytes that the file has.",
        "Upload-Metadata": "As it was sent.",
        "Upload-Expires": "While unfinished: when it is dropped unless bytes come.",
        ...finished,
      },
    },
    problems: ONE_UPLOAD,
  },
  {
    method: "patch",
    path: `${PATHS.uploads}/{id}`,
    id: "appendToUpload",
    tag: TAG,
    summary: "Send the next bytes",
    description: "The answer means that they are kept; for the last ones, that the file is " +
      "durable and handed over.",
    audience: "customer",
    parameters: [tusVersion, uploadId, offset, checksum],
    body: { mediaType: OFFSET_STREAM, example: EXAMPLE_CSV },
    answer: {
      status: 204,
      description: "The bytes are kept.",
      headers: { "Upload-Offset": OFFSET_NOW, ...finished },
    },
    problems: [
      ...ONE_UPLOAD,
      "wrong-content-type",
      "offset-conflict",
      "already-finished",
      ...RECEIVING,
    ],
  },
  {
    method: "delete",
    path: `${PATHS.uploads}/{id}`,
    id: "dropUpload",
    tag: TAG,
    summary: "Drop an unfinished upload",
    audience: "customer",
    parameters: [tusVersion, uploadId],
    answer: { status: 204, description: "It is gone." },
    problems: [...ONE_UPLOAD, "already-finished"],
  },
  {
    method: "post",
    path: `${PATHS.uploads}/{id}`,
    id: "overrideUpload",
    tag: TAG,
    summary: "Another method, for clients that can send POST only",
    audience: "customer",
    parameters: [tusVersion, uploadId, {
      name: "X-HTTP-Method-Override",
      in: "header",
      description: "`PATCH`, `HEAD` or `DELETE`.",
      example: "PATCH",
    }, offset],
    body: { mediaType: OFFSET_STREAM, example: EXAMPLE_CSV, required: false },
    answer: {
      status: 204,
      description: "As that method answers.",
      headers: { "Upload-Offset": OFFSET_NOW },
    },
    problems: [
      ...ONE_UPLOAD,
      "wrong-content-type",
      "offset-conflict",
      "already-finished",
      ...RECEIVING,
    ],
  },
];
