import { Failure } from "../base/failure.ts";
import type { FileState } from "../protocol/file_view.ts";
import type { FileRecord } from "./contract.ts";

/** The failure of an update from `from` when the ledger has `found`. */
export function ledgerConflict(
  { id, state }: FileRecord,
  from: FileState,
  found: FileRecord | null,
): Failure {
  const actual = found === null ? "it is not in the ledger" : `it is ${found.state}`;
  return internal(
    "ledger-conflict",
    `Cannot move file "${id}" from ${from} to ${state}: ${actual}`,
  );
}

/** The failure of a command for a file that the ledger does not have. */
export function fileNotFound(id: string): Failure {
  const text = `Cannot find the file "${id}": it is not in the ledger`;
  return new Failure("usage", "file-not-found", text, {
    hint: "Run mysimbdp manage files to show all files.",
  });
}

export function alreadyLoaded(fileId: string): Failure {
  return internal("already-loaded", `Cannot load file "${fileId}": its rows are already stored`);
}

/** The failure of a load whose rows a later version of the same file has replaced already. */
export function superseded(
  { name, version }: { name: string; version: number },
  later: { fileId: string; version: number },
): Failure {
  const loaded = later.version > version ? `version ${later.version}` : "a later file of this name";
  const text = `Cannot load version ${version} of "${name}": ${loaded} is loaded`;
  return new Failure("refused", "superseded", text, {
    hint: "Its rows would replace newer ones. Replay the later version, or send the file again.",
    details: { by: later.fileId },
  });
}

export function loadEnded(): Failure {
  return internal("load-ended", "Cannot use a load: it has ended");
}

export function storageClosed(): Failure {
  return internal("storage-closed", "Cannot begin a load: the storage is closed");
}

function internal(code: string, message: string): Failure {
  return new Failure("internal", code, message);
}
