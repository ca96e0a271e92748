import { join } from "node:path";
import { z } from "zod";
import { ensureFolder, listFolder, orNull, removeIfThere, writeDurably } from "../data/durable.ts";
import { isVersion } from "./store.ts";

/** What `manage` is asked to do with a version. */
const askSchema = z.discriminatedUnion("verb", [
  /** Build it and see whether it can be used. */
  z.object({ verb: z.literal("check") }),
  /** Make its tables and make it the current one. */
  z.object({ verb: z.literal("approve"), by: z.string(), note: z.string().nullable() }),
]);
type Ask = z.infer<typeof askSchema>;

export interface AskedVersion {
  tenant: string;
  version: string;
  ask: Ask;
}

/**
 * What `serve` asks of `manage` about modules: a small file for each, in one folder, so that nobody
 * has to look through all tenants. It stays until it is worked off.
 */
export class ModuleInbox {
  readonly folder: string;

  /** @param root `DATA/tenants` */
  constructor(root: string) {
    this.folder = join(root, ".inbox");
  }

  async put(tenant: string, version: string, ask: Ask): Promise<void> {
    await ensureFolder(this.folder);
    await writeDurably(this.#path(tenant, version), JSON.stringify(ask));
  }

  /** All that is asked, in the order of names. */
  async list(): Promise<AskedVersion[]> {
    const entries = await listFolder(this.folder);
    const asked: AskedVersion[] = [];
    for (const { name } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const [, tenant = "", version = ""] = /^([^.@][^@]*)@([^@]*)\.json$/.exec(name) ?? [];
      if (!isVersion(version)) continue;
      const text = await orNull(Deno.readTextFile(join(this.folder, name)));
      if (text !== null) asked.push({ tenant, version, ask: askSchema.parse(JSON.parse(text)) });
    }
    return asked;
  }

  async done(tenant: string, version: string): Promise<void> {
    await removeIfThere(this.#path(tenant, version));
  }

  #path(tenant: string, version: string): string {
    return join(this.folder, `${tenant}@${version}.json`);
  }
}
