import type { AccountsEvent } from "../accounts/accounts.ts";
import { Failure, messageOf } from "../base/failure.ts";
import type { ServeEvent } from "./events.ts";
import type { Emit } from "../telemetry/events.ts";

/** What the accounts tell, as telemetry. */
export function accountsEvents(emit: Emit): (event: AccountsEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "rehashed":
        return emit({ kind: "auth.rehashed", tenant: event.tenant });
      case "rehash-failed":
        return emit({
          kind: "auth.rehash_failed",
          tenant: event.tenant,
          error: messageOf(event.error),
        });
      case "invalid-names":
        return emit({ kind: "accounts.invalid_name", names: event.names });
      case "users-file-broken":
        return emit({ kind: "users.broken", error: event.failure.message });
    }
  };
}

/** What the server tells, as telemetry. */
export function serveEvents(emit: Emit): (event: ServeEvent) => void {
  return (event) => {
    switch (event.type) {
      case "request": {
        const { method, route, status, seconds, tenant } = event;
        return emit({ kind: "request.finished", method, route, status, seconds, tenant });
      }
      case "upload-created": {
        const { tenant, id: uploadId, name, size: bytes } = event;
        return emit({ kind: "upload.started", tenant, uploadId, name, bytes });
      }
      case "upload-finished": {
        const { tenant, id: uploadId, fileId, name, size: bytes, version, sha256 } = event;
        const file = { tenant, fileId, name, uploadId, bytes };
        return uploadId === fileId
          ? emit({ kind: "upload.finished", ...file, version, sha256 })
          : emit({ kind: "upload.duplicate", ...file });
      }
      case "upload-terminated":
        return emit({ kind: "upload.terminated", tenant: event.tenant, uploadId: event.id });
      case "uploads-expired":
        return emit({ kind: "uploads.expired", uploads: event.uploads });
      case "module-submitted": {
        const { tenant, version: moduleVersion, files } = event;
        return emit({ kind: "module.submitted", tenant, moduleVersion, files });
      }
      case "limit-near": {
        const { tenant, limit, used, most } = event;
        return emit({ kind: "limit.near", tenant, limit, used, most });
      }
      case "refused":
        return tellRefusal(emit, event);
      case "error": {
        const { method, path: route, error } = event;
        const code = error instanceof Failure ? error.code : "internal";
        return emit({ kind: "request.failed", method, route, code, error: messageOf(error) });
      }
      case "bytes-received":
        return;
    }
  };
}

function tellRefusal(emit: Emit, event: Extract<ServeEvent, { type: "refused" }>): void {
  const { code, status, tenant, detail, address, signedIn } = event;
  if (code === "throttled") return emit({ kind: "auth.failed", tenant, address, throttled: true });
  if (code === "unauthorized") {
    // Browsers ask without a password first; nobody has failed then.
    if (signedIn) emit({ kind: "auth.failed", tenant, address, throttled: false });
    return;
  }
  emit({ kind: "request.refused", tenant, code, status, detail });
}
