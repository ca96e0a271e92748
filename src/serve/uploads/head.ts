import type { AppHandler } from "../http/env.ts";
import type { UploadDeps } from "./deps.ts";
import { formatMetadata } from "./metadata.ts";
import { finishUpload } from "./receive.ts";
import { finishedHeaders, ownUpload, progressHeaders } from "./respond.ts";

/**
 * `HEAD /v1/uploads/:id`: the offset of an upload. It takes the upload over from a request that has
 * stalled, so that the offset is final; while bytes are arriving the answer is 423.
 */
export function showOffset(deps: UploadDeps): AppHandler {
  return async (c) => {
    c.header("Cache-Control", "no-store");
    const { upload, receipt } = await ownUpload(c, deps);
    if (receipt) {
      const { name, sha256, size } = receipt;
      const metadata = formatMetadata({ filename: name, sha256 });
      return c.body(null, 200, {
        ...finishedHeaders(receipt),
        "Upload-Length": String(size),
        "Upload-Metadata": metadata,
      });
    }
    return await deps.intake.uploads.hold(upload, async () => {
      // All bytes arrived but the hand-off failed, perhaps on a full disk: try it again.
      const finished = upload.complete ? await finishUpload(deps, upload) : null;
      return c.body(null, 200, {
        ...(finished ? finishedHeaders(finished) : progressHeaders(upload, deps)),
        "Upload-Length": String(upload.info.length),
        "Upload-Metadata": upload.info.metadata,
      });
    });
  };
}
