import type { AppHandler } from "../http/env.ts";
import type { UploadDeps } from "./deps.ts";

/** `GET /v1/uploads`: the caller's unfinished uploads, oldest first. Not part of tus. */
export function listUploads({ intake }: UploadDeps): AppHandler {
  return (c) => {
    const uploads = intake.uploads.list(c.get("tenant")).map(({ info, offset }) => {
      const { id, name, sha256, length } = info;
      return { id, name, sha256, length, offset };
    });
    return c.json({ uploads });
  };
}
