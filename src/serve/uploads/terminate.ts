import type { AppHandler } from "../http/env.ts";
import type { UploadDeps } from "./deps.ts";
import { alreadyFinished } from "./patch.ts";
import { ownUpload } from "./respond.ts";

/** `DELETE /v1/uploads/:id`: deletes an unfinished upload (tus 1.0.0, extension termination). */
export function terminate(deps: UploadDeps): AppHandler {
  return async (c) => {
    const { upload, receipt } = await ownUpload(c, deps);
    if (receipt) throw alreadyFinished(receipt.id);
    await deps.intake.uploads.hold(upload, async () => {
      // Its hand-off was interrupted and will be completed; the file may already be in staging.
      if (upload.complete) throw alreadyFinished(upload.info.id);
      await deps.intake.uploads.remove(upload);
    });
    const { tenant, id: uploadId } = upload.info;
    deps.emit({ kind: "upload.terminated", tenant, uploadId });
    return c.body(null, 204);
  };
}
