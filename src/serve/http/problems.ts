/**
 * Every problem that a client may be answered with: its HTTP status and when it comes. A failure
 * whose code is not here is answered as `internal`. 460 is of the tus checksum extension.
 */
export const PROBLEMS = {
  "bad-request": { status: 400, when: "a header, the query or the metadata cannot be read" },
  "unsupported-checksum": { status: 400, when: "`Upload-Checksum` names another algorithm" },
  "upload-length-deferred": { status: 400, when: "`Upload-Defer-Length`: the size must be known" },
  "upload-interrupted": {
    status: 400,
    when: "the body broke off, or the server is stopping; go on from the offset",
  },
  unauthorized: { status: 401, when: "no login, a wrong one, or an unknown or expired token" },
  "bad-account-name": {
    status: 403,
    when: "the password is right, but the account's name is not allowed; the operator renames it",
  },
  "cross-site": {
    status: 403,
    when: "a page of another site sent it with a cookie, or the browser does not say which site",
  },
  "not-found": { status: 404, when: "no such route, file, or not yours" },
  "file-not-found": { status: 404, when: "the file's bytes are gone" },
  "upload-not-found": { status: 404, when: "no such upload, not yours, or expired" },
  "no-such-tenant": { status: 404, when: "operators: there is no such account" },
  "body-stalled": {
    status: 408,
    when: "no byte came for `uploads.stall_seconds`; go on from the offset",
  },
  "offset-conflict": {
    status: 409,
    when: "`Upload-Offset` is another than the upload's, which the answer has",
  },
  "already-finished": { status: 409, when: "the upload is a file already" },
  "tenant-exists": { status: 409, when: "operators: there is such an account already" },
  "not-replayable": {
    status: 409,
    when: "operators: the file is still under way, or its bytes are gone",
  },
  "wrong-version-state": {
    status: 409,
    when: "the version of the module is in a state in which this cannot be done",
  },
  "test-run-in-progress": { status: 409, when: "a test run is under way" },
  "tus-version": { status: 412, when: "`Tus-Resumable` is missing or another than 1.0.0" },
  "file-too-large": { status: 413, when: "over `data_sizes`" },
  "module-too-large": {
    status: 413,
    when: "a module of more than 200 files, 2 MiB of sources or 16 MiB of `.wasm`",
  },
  "length-exceeded": { status: 413, when: "more bytes than `Upload-Length`" },
  "wrong-content-type": {
    status: 415,
    when: "a body that is not `application/offset+octet-stream`",
  },
  "bad-tenant-name": { status: 422, when: "operators: an account cannot have this name" },
  "bad-password": { status: 422, when: "operators: empty, or longer than 1,024 bytes" },
  "bad-file-name": {
    status: 422,
    when: "path separators, control characters, a leading dot, a reserved name, over 255 bytes",
  },
  "bad-module-files": {
    status: 422,
    when: "a module with a file whose name or kind it may not have",
  },
  "format-not-allowed": { status: 422, when: "the extension is not in `formats`" },
  "too-many-files": {
    status: 422,
    when: "over `number_files` in its batch; without a batch all unfinished uploads count",
  },
  "unknown-batch": { status: 422, when: "no such batch, or not yours" },
  "sha256-mismatch": {
    status: 422,
    when: "the file is not the one that `sha256` announced; the upload is gone",
  },
  "upload-locked": { status: 423, when: "another request is sending to this upload" },
  throttled: { status: 429, when: "too many failed logins; `Retry-After` has the seconds" },
  "too-many-submissions": {
    status: 429,
    when: "10 versions of the module wait to be decided on",
  },
  "checksum-mismatch": {
    status: 460,
    when: "the bytes are not those of `Upload-Checksum`; send them again",
  },
  internal: { status: 500, when: "something failed inside the server; its log says what" },
  "too-busy": { status: 503, when: "too many bodies at once; `Retry-After`" },
  "not-ready": { status: 503, when: "`/readyz`: the data directory or the receipts do not answer" },
  unavailable: { status: 503, when: "the ledger does not answer" },
  "no-space": { status: 507, when: "the server's disk is full" },
} as const satisfies Record<string, { status: number; when: string }>;

/** The code of a problem: the last part of its `type`. */
export type ProblemCode = keyof typeof PROBLEMS;

/** The title of a problem: its code in words. */
export function titleOf(code: string): string {
  const words = code.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
