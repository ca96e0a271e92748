/**
 * Every problem that a client can get: its HTTP status and its cause. A failure with another code
 * becomes `internal`. 460 belongs to the checksum extension of tus.
 */
export const PROBLEMS = {
  "bad-request": { status: 400, when: "a header, the query, the body or the metadata is invalid" },
  "unsupported-checksum": { status: 400, when: "`Upload-Checksum` names an unsupported algorithm" },
  "upload-length-deferred": {
    status: 400,
    when: "`Upload-Defer-Length` is not supported: send `Upload-Length`",
  },
  "upload-interrupted": {
    status: 400,
    when: "the body ended early, or the server is stopping; resume from the offset",
  },
  unauthorized: {
    status: 401,
    when: "credentials are missing or wrong, or the token is unknown or expired",
  },
  "bad-account-name": {
    status: 403,
    when:
      "the password is right, but the name of the account is not allowed; an operator renames it",
  },
  "cross-site": {
    status: 403,
    when: "a request with a cookie did not come from a page of this server",
  },
  "not-found": {
    status: 404,
    when: "the route or the thing does not exist, or belongs to another account",
  },
  "file-not-found": { status: 404, when: "the file is no longer kept" },
  "upload-not-found": {
    status: 404,
    when: "the upload does not exist, has expired, or belongs to another account",
  },
  "no-such-tenant": { status: 404, when: "operators: the account does not exist" },
  "body-stalled": {
    status: 408,
    when: "no byte arrived for `uploads.stall_seconds`; resume from the offset",
  },
  "offset-conflict": {
    status: 409,
    when: "`Upload-Offset` is not the offset of the upload, which is in the answer",
  },
  "already-finished": { status: 409, when: "the upload is complete" },
  "tenant-exists": { status: 409, when: "operators: the account already exists" },
  "not-replayable": {
    status: 409,
    when: "operators: the file is waiting or loading, or is no longer kept",
  },
  "wrong-version-state": {
    status: 409,
    when: "the state of the module version does not allow this",
  },
  "test-run-in-progress": { status: 409, when: "another test run is waiting or running" },
  "tus-version": { status: 412, when: "`Tus-Resumable` is missing or not 1.0.0" },
  "file-too-large": { status: 413, when: "the file is larger than `data_sizes`" },
  "module-too-large": {
    status: 413,
    when: "the module has more than 200 files, 2 MiB of sources or 16 MiB of `.wasm`",
  },
  "length-exceeded": { status: 413, when: "the body has more bytes than `Upload-Length`" },
  "wrong-content-type": {
    status: 415,
    when: "the body is not `application/offset+octet-stream`",
  },
  "bad-tenant-name": { status: 422, when: "operators: the name is not allowed for an account" },
  "bad-password": {
    status: 422,
    when: "operators: the password is empty or longer than 1,024 bytes",
  },
  "bad-file-name": {
    status: 422,
    when:
      "the file name has path separators, control characters or a leading dot, is reserved, or " +
      "has more than 255 bytes",
  },
  "bad-module-files": {
    status: 422,
    when: "the name or type of a file is not allowed in a module",
  },
  "format-not-allowed": { status: 422, when: "the extension of the file is not in `formats`" },
  "too-many-files": {
    status: 422,
    when: "the batch has more than `number_files`; without a batch, all unfinished uploads count",
  },
  "unknown-batch": { status: 422, when: "the batch does not exist or belongs to another account" },
  "sha256-mismatch": {
    status: 422,
    when: "the file does not match `sha256`; the upload is deleted",
  },
  "upload-locked": { status: 423, when: "another request is sending bytes to this upload" },
  throttled: { status: 429, when: "too many failed logins; wait for `Retry-After`" },
  "too-many-submissions": {
    status: 429,
    when: "10 versions of the module are waiting for a decision",
  },
  "checksum-mismatch": {
    status: 460,
    when: "the bytes do not match `Upload-Checksum`; send them again",
  },
  internal: { status: 500, when: "the server failed; its log has the error" },
  "too-busy": {
    status: 503,
    when: "too many concurrent uploads or streams; wait for `Retry-After`",
  },
  "not-ready": {
    status: 503,
    when: "`/readyz`: the data directory or the receipts are not available",
  },
  unavailable: { status: 503, when: "the ledger is not available" },
  "no-space": { status: 507, when: "the server's disk is full" },
} as const satisfies Record<string, { status: number; when: string }>;

/** The code of a problem: the end of its `type`. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The title of a problem: its code as words. */
export function titleOf(code: string): string {
  const words = code.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
