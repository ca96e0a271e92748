import { join } from "node:path";
import { z } from "zod";
import {
  ensureFolder,
  listFolder,
  readJson,
  removeIfThere,
  statIfThere,
  writeDurably,
} from "../data/durable.ts";
import { isVersion, type TenantVersion } from "./store.ts";

/** What `manage` is asked to do with a version. */
const actionSchema = z.discriminatedUnion("verb", [
  /** Build it and check it. */
  z.object({ verb: z.literal("check") }),
  /** Create its tables and make it the current version. */
  z.object({
    verb: z.literal("approve"),
    by: z.string(),
    note: z.string().nullable(),
    /** What the operator has seen. A request of an earlier program names nothing and is refused. */
    seen: z.string().default(""),
  }),
]);
type ModuleAction = z.infer<typeof actionSchema>;

/** A request of `serve` to `manage` about one version. */
export type ModuleRequest = ModuleAction & TenantVersion;

/**
 * The requests of `serve` to `manage` about modules: one small file each, all in one folder, so that
 * `manage` need not scan every tenant. A request stays until it is done.
 */
export class ModuleInbox {
  readonly folder: string;

  /** @param root `DATA/tenants` */
  constructor(root: string) {
    this.folder = join(root, ".inbox");
  }

  async add(tenant: string, version: string, action: ModuleAction): Promise<void> {
    await ensureFolder(this.folder);
    await writeDurably(this.#path(tenant, version), JSON.stringify(action));
  }

  /** All open requests, sorted by tenant and version. */
  async list(): Promise<ModuleRequest[]> {
    const entries = await listFolder(this.folder);
    const requests: ModuleRequest[] = [];
    for (const { name } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const [, tenant = "", version = ""] = /^([^.@][^@]*)@([^@]*)\.json$/.exec(name) ?? [];
      if (!isVersion(version)) continue;
      const path = join(this.folder, name);
      if (!await statIfThere(path)) continue;
      // A damaged request is one to check: that does nothing unless the version still waits for it.
      const action = actionSchema.safeParse(await readJson(path)).data ?? { verb: "check" };
      requests.push({ tenant, version, ...action });
    }
    return requests;
  }

  /** Removes a request that is done. */
  async remove(tenant: string, version: string): Promise<void> {
    await removeIfThere(this.#path(tenant, version));
  }

  #path(tenant: string, version: string): string {
    return join(this.folder, `${tenant}@${version}.json`);
  }
}
