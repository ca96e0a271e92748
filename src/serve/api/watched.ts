import { z } from "zod";
import type { UsersFile } from "../../accounts/users.ts";
import { mapInSlices } from "../../base/slices.ts";
import { statIfThere } from "../../data/durable.ts";
import { isFileId } from "../../data/file_id.ts";
import type { Layout } from "../../data/layout.ts";
import type { ModuleLog } from "../../modules/module_log.ts";
import type { ModuleStore } from "../../modules/store.ts";
import { replayRequests } from "../../staging/replay_requests.ts";
import type { UploadReceipts } from "../../staging/upload_receipts.ts";
import { waitingFiles } from "../../staging/staged.ts";
import type { LedgerReader } from "../../storage/contract.ts";
import type { Watched } from "../http/shared_poll.ts";

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

/** Each of these changes with the tenant's module: a version's state is in the log. */
async function moduleStamp({ store, log }: ModuleDeps, tenant: string): Promise<string> {
  const folder = await statIfThere(store.folder(tenant));
  return `${folder?.mtime?.getTime()} ${await log.stamp(tenant)}`;
}

/** Changes with the file of this id; never for one of another tenant. */
function watchedFile(ledger: LedgerReader, id: string | undefined, tenant?: string): Watched[] {
  if (id === undefined || !isFileId(id)) return [];
  return [{
    key: `file ${id} ${tenant ?? ""}`,
    async read() {
      const file = await ledger.get(id);
      return JSON.stringify(tenant === undefined || file?.tenant === tenant ? file : null);
    },
  }];
}

/** What a customer's streams watch: its newest files, its module, and one more file. */
export function watchedByCustomer(
  { ledger, receipts, modules }: {
    ledger: LedgerReader;
    receipts: UploadReceipts;
    modules: ModuleDeps;
  },
  tenant: string,
  file?: string,
): Watched[] {
  const read = async () =>
    JSON.stringify([
      await ledger.list({ tenant, limit: NEWEST }),
      receipts.list({ tenant, limit: NEWEST }).map(({ id }) => id),
      await moduleStamp(modules, tenant),
    ]);
  return [{ key: `customer ${tenant}`, read }, ...watchedFile(ledger, file, tenant)];
}

/** What operators' streams watch: the newest files, the queue, the accounts, modules, and one file. */
export function watchedByOperator(
  { ledger, layout, users, modules }: {
    ledger: LedgerReader;
    layout: Layout;
    users: UsersFile;
    modules: ModuleDeps;
  },
  file?: string,
): Watched[] {
  const read = async () => {
    const accounts = users.list().map(({ name, enabled }) => [name, enabled] as const);
    const stamps = await mapInSlices(accounts, ([name]) => moduleStamp(modules, name));
    return JSON.stringify([
      await ledger.list({ limit: NEWEST }),
      [...await replayRequests(layout)],
      [...await waitingFiles(layout)],
      accounts,
      stamps,
    ]);
  };
  return [{ key: "operator", read }, ...watchedFile(ledger, file)];
}
