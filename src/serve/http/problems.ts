/**
 * The problems that a client can get, by HTTP status, each with its cause. 460 belongs to the checksum
 * extension of tus.
 */
const BY_STATUS = {
  400: {
    "bad-request": "a header, the query, the body or the metadata is invalid",
    "unsupported-checksum": "`Upload-Checksum` names an unsupported algorithm",
    "upload-length-deferred": "`Upload-Defer-Length` is not supported: send `Upload-Length`",
    "upload-interrupted": "the body ended early, or the server is stopping; resume from the offset",
  },
  401: { unauthorized: "credentials are missing or wrong, or the token is unknown or expired" },
  403: {
    "bad-account-name":
      "the password is right, but the name of the account is not allowed; an operator renames it",
    "insufficient-scope":
      "the API token is not allowed to do this; `details.scope` is what is needed",
    "cross-site": "a request with a cookie did not come from a page of this server",
  },
  404: {
    "not-found": "the route or the thing does not exist, or belongs to another account",
    "file-not-found": "the file is no longer kept",
    "upload-not-found": "the upload does not exist, has expired, or belongs to another account",
    "no-such-tenant": "operators: the account does not exist",
    "no-such-token": "the API token does not exist or was revoked",
  },
  408: {
    "body-stalled":
      "the body arrives too slowly (`uploads.min_bytes_per_second`) or takes too long; an upload can be resumed",
  },
  409: {
    "offset-conflict": "`Upload-Offset` is not the offset of the upload, which is in the answer",
    "too-many-tokens": "the account has 100 API tokens; revoke one",
    "already-finished": "the upload is complete",
    "tenant-exists": "operators: the account already exists",
    "not-replayable": "operators: the file is waiting or loading, or is no longer kept",
    "wrong-version-state": "the state of the module version does not allow this",
    "review-outdated": "operators: what would be approved is not what `seen` names; look again",
    "test-run-in-progress": "another test run is waiting or running",
  },
  412: { "tus-version": "`Tus-Resumable` is missing or not 1.0.0" },
  413: {
    "file-too-large": "the file is larger than `data_sizes`",
    "module-too-large": "the module has more than 200 files, 2 MiB of sources or 16 MiB of `.wasm`",
    "length-exceeded": "the body has more bytes than `Upload-Length`",
  },
  415: { "wrong-content-type": "the body is not `application/offset+octet-stream`" },
  421: { "wrong-host": "`Host` is not in `server.hosts`" },
  422: {
    "bad-tenant-name": "operators: the name is not allowed for an account",
    "bad-password": "operators: the password is empty or longer than 1,024 bytes",
    "bad-file-name":
      "the file name has path separators, invisible characters or a leading dot, is reserved, or " +
      "has more than 255 bytes",
    "bad-module-files": "the name or type of a file is not allowed in a module",
    "no-os-sandbox": "the module is a native program, which cannot run on this platform",
    "format-not-allowed": "the extension of the file is not in `formats`",
    "too-many-files":
      "the batch has more than `number_files`; without a batch, all unfinished uploads count",
    "too-many-unfinished":
      "the account has too many unfinished uploads in all its batches; finish or delete some",
    "unknown-batch": "the batch does not exist or belongs to another account",
    "sha256-mismatch": "the file does not match `sha256`; the upload is deleted",
  },
  423: { "upload-locked": "another request is sending bytes to this upload" },
  429: {
    throttled: "too many failed or waiting logins; wait for `Retry-After`",
    "too-many-submissions": "10 versions of the module are waiting for a decision",
  },
  460: { "checksum-mismatch": "the bytes do not match `Upload-Checksum`; send them again" },
  500: { internal: "the server failed; its log has the error" },
  503: {
    "too-busy": "too many concurrent bodies, streams or reads of versions; wait for `Retry-After`",
    "not-ready":
      "the data directory is not available; or `/readyz`: no file can be stored, the answer says why",
    "limits-unreadable":
      "the operator's file with the limits of the account has faults; it was reported to the operator",
    "tokens-unreadable":
      "the file with the API tokens of the account has faults; it was reported to the operator",
    unavailable: "the ledger is not available",
  },
  507: {
    "no-space":
      "the server's disk is full or read-only, or its quota or inodes are used up; try again later",
  },
} as const;

/** The code of a problem: the end of its `type`. */
export type ProblemCode = KeysOfEach<(typeof BY_STATUS)[keyof typeof BY_STATUS]>;
type KeysOfEach<T> = T extends unknown ? keyof T : never;

/** Every problem with its status and its cause. A failure with another code becomes `internal`. */
export const PROBLEMS = Object.fromEntries(
  Object.entries(BY_STATUS).flatMap(([status, causes]) =>
    Object.entries(causes).map(([code, when]) => [code, { status: Number(status), when }])
  ),
) as Record<ProblemCode, { status: number; when: string }>;

/** The title of a problem: its code as words. */
export function titleOf(code: string): string {
  const words = code.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
