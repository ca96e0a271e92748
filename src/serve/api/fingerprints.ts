import { z } from "zod";
import type { UsersFile } from "../../accounts/users.ts";
import type { Layout } from "../../data/layout.ts";
import type { ModuleLog } from "../../modules/module_log.ts";
import type { ModuleStore } from "../../modules/store.ts";
import { replayRequests } from "../../staging/replay_requests.ts";
import type { UploadReceipts } from "../../staging/upload_receipts.ts";
import { waitingFiles } from "../../staging/staged.ts";
import type { LedgerReader } from "../../storage/contract.ts";

/** The query of the streams of events. */
export const eventsQuerySchema = z.object({
  file: z.string().optional().describe("A file to watch in addition to the newest ones."),
});

/** The files that are compared: those on the first pages. */
const NEWEST = 100;

/** The modules and their logs. */
interface ModuleDeps {
  store: ModuleStore;
  log: ModuleLog;
}

/** Each change of a version's state is in the log, so the versions need not be read. */
async function moduleStamp({ store, log }: ModuleDeps, tenant: string): Promise<string> {
  const { length } = await store.versions(tenant);
  return `${await store.currentVersion(tenant)} ${length} ${await log.stamp(tenant)}`;
}

/** A text that changes with a tenant's newest files, its module, and one more file. */
export async function customerFingerprint(
  { ledger, receipts, modules }: {
    ledger: LedgerReader;
    receipts: UploadReceipts;
    modules: ModuleDeps;
  },
  tenant: string,
  file = "",
): Promise<string> {
  const watched = await ledger.get(file);
  return JSON.stringify([
    await ledger.list({ tenant, limit: NEWEST }),
    receipts.list({ tenant, limit: NEWEST }).map(({ id }) => id),
    watched?.tenant === tenant ? watched : null,
    await moduleStamp(modules, tenant),
  ]);
}

/** A text that changes with the newest files, the queue, the accounts and modules, and one file. */
export async function operatorFingerprint(
  { ledger, layout, users, modules }: {
    ledger: LedgerReader;
    layout: Layout;
    users: UsersFile;
    modules: ModuleDeps;
  },
  file = "",
): Promise<string> {
  return JSON.stringify([
    await ledger.list({ limit: NEWEST }),
    await ledger.get(file),
    [...await replayRequests(layout)],
    [...await waitingFiles(layout)],
    users.list().map(({ name, enabled }) => [name, enabled]),
    await Promise.all(users.list().map(({ name }) => moduleStamp(modules, name))),
  ]);
}
