import { z } from "zod";
import type { UsersFile } from "../../accounts/users.ts";
import type { ModuleLog } from "../../modules/module_log.ts";
import type { ModuleStore } from "../../modules/store.ts";
import type { Layout } from "../../data/layout.ts";
import type { UploadReceipts } from "../../staging/upload_receipts.ts";
import { replayRequests } from "../../staging/replay_requests.ts";
import { waitingFiles } from "../../staging/waiting.ts";
import type { LedgerReader } from "../../storage/contract.ts";
import type { AppContext } from "../http/env.ts";

/** The query of the streams of events. */
export const eventsQuerySchema = z.object({
  file: z.string().optional().describe("A file to hear of besides the newest."),
});

/** The files that are looked at for changes: what a page or two show. */
const NEWEST = 100;

/** Where a module's versions are, and what its author is told. */
interface ModuleSources {
  store: ModuleStore;
  log: ModuleLog;
}

/** Every change of a version's state is in the log; so few things have to be looked at. */
async function moduleStamp({ store, log }: ModuleSources, tenant: string): Promise<string> {
  const { length } = await store.versions(tenant);
  return `${await store.currentVersion(tenant)} ${length} ${await log.stamp(tenant)}`;
}

/** What a customer sees of its files, in short. `?file=` adds an older one. */
export function customerFingerprint(
  ledger: LedgerReader,
  receipts: UploadReceipts,
  { store, log }: ModuleSources,
) {
  return async (c: AppContext): Promise<string> => {
    const tenant = c.get("tenant");
    const asked = await ledger.get(c.req.query("file") ?? "");
    return JSON.stringify([
      await ledger.list({ tenant, limit: NEWEST }),
      receipts.list({ tenant, limit: NEWEST }).map(({ id }) => id),
      asked?.tenant === tenant ? asked : null,
      await moduleStamp({ store, log }, tenant),
    ]);
  };
}

/** What an operator sees, in short. */
export function operatorFingerprint(
  { ledger, layout, users, modules }: {
    ledger: LedgerReader;
    layout: Layout;
    users: UsersFile;
    modules: ModuleSources;
  },
) {
  return async (c: AppContext): Promise<string> =>
    JSON.stringify([
      await ledger.list({ limit: NEWEST }),
      await ledger.get(c.req.query("file") ?? ""),
      [...await replayRequests(layout)],
      [...await waitingFiles(layout)],
      users.list().map(({ name, enabled }) => [name, enabled]),
      await Promise.all(users.list().map(({ name }) => moduleStamp(modules, name))),
    ]);
}
