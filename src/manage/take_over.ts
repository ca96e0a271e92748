import type { Config } from "../config/schema.ts";
import type { Layout } from "../data/layout.ts";
import type { FileReason } from "../protocol/file_view.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { advance, eventFields, moveOut } from "./settle.ts";

interface TakeOverDeps {
  layout: Layout;
  storage: Pick<Storage, "ledger" | "receipt" | "begun" | "forget">;
  emit: Emit;
  config: () => Config;
}

/**
 * Takes over a file that a `manage` was loading when it was killed. The attempt counts, since the file
 * may be the cause: after `manage.max_attempts` of them it is quarantined. A file whose rows are
 * stored, or have begun to be, is completed instead.
 *
 * @returns the queued record; null when the file is quarantined
 */
export async function takeOver(deps: TakeOverDeps, record: FileRecord): Promise<FileRecord | null> {
  const { layout, emit, config, storage } = deps;
  const { ledger } = storage;
  if (record.attempts < config().manage.max_attempts || await hasRows(storage, record)) {
    return await advance(ledger, record, { type: "recover" }, Date.now());
  }
  const reason = killedReason(record);
  const event = { type: "quarantine" as const, reason, rows: null };
  await moveOut(layout, await advance(ledger, record, event, Date.now()));
  emit({ kind: "file.given_up", ...eventFields(record), attempts: record.attempts, reason });
  return null;
}

/**
 * Whether a queued file may be what kills `manage`: every attempt that is left could be its last. Such
 * files run one at a time, so that one of them does not use up the attempts of the others.
 */
export function isSuspect({ attempts, reason }: FileRecord, maxAttempts: number): boolean {
  return attempts > 0 && reason === null && attempts >= maxAttempts - 1;
}

async function hasRows(storage: TakeOverDeps["storage"], record: FileRecord): Promise<boolean> {
  const { tenant, id, replay } = record;
  // Only a receipt of this replay remains.
  if (replay) await storage.forget(tenant, id, replay);
  return await storage.receipt(tenant, id) !== null || await storage.begun(tenant, id) !== null;
}

function killedReason({ attempts }: FileRecord): FileReason {
  const often = attempts === 1 ? "once" : `${attempts} times`;
  const message = `Cannot load the file: manage was killed ${often} while it loaded the file ` +
    "(manage.max_attempts), so the file may be the cause. It is kept, and the platform's operator " +
    "can load it again.";
  return { code: "manage-killed", message };
}
