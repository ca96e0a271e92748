import { join, resolve } from "node:path";
import { Failure } from "../base/failure.ts";
import { checkTenantName } from "../base/tenant_name.ts";
import { isFileId } from "./file_id.ts";

/** The three places where a finished file can lie, one folder a tenant in each. */
export type Shelf = "staging" | "archive" | "quarantine";
export const SHELVES: readonly Shelf[] = ["staging", "archive", "quarantine"];

/**
 * Where everything lies in a data directory. No path is made of anything but a checked tenant name
 * and an id of ours, so that nothing a customer sends can lead out of it.
 *
 * @example
 * ```ts
 * import { Layout } from "./layout.ts";
 * const layout = new Layout("./mysimbdp-data");
 * layout.constraints("customer-1"); // ".../mysimbdp-data/constraints/customer-1.json"
 * ```
 */
export class Layout {
  /** The data directory itself, absolute. */
  readonly root: string;

  constructor(dataDir: string) {
    this.root = resolve(dataDir);
  }

  get users(): string {
    return join(this.root, "users.json");
  }

  /** The operators' accounts, in the format of users.json. */
  get admins(): string {
    return join(this.root, "admins.json");
  }

  /** What operators did, a line each. */
  get audit(): string {
    return join(this.root, "audit.log");
  }

  /** The folder with a folder of deployed modules for each tenant. */
  get moduleRoot(): string {
    return join(this.root, "tenants");
  }

  /** Values for tenants' modules, a file for each tenant. */
  get secrets(): string {
    return join(this.root, "secrets");
  }

  get uploads(): string {
    return join(this.root, "uploads");
  }

  get db(): string {
    return join(this.root, "db");
  }

  get receipts(): string {
    return join(this.db, "receipts.sqlite");
  }

  get ledger(): string {
    return join(this.db, "ledger.sqlite");
  }

  /** The embedded engine's file for one tenant. */
  tenantDatabase(tenant: string): string {
    return join(this.db, "tenants", `${checkTenantName(tenant)}.sqlite`);
  }

  constraints(tenant: string): string {
    return join(this.root, "constraints", `${checkTenantName(tenant)}.json`);
  }

  /** The folder of a tenant's deployed modules. */
  modules(tenant: string): string {
    return join(this.moduleRoot, checkTenantName(tenant));
  }

  shelf(shelf: Shelf): string {
    return join(this.root, shelf);
  }

  tenantShelf(shelf: Shelf, tenant: string): string {
    return join(this.root, shelf, checkTenantName(tenant));
  }

  /** The bytes of a finished file. */
  file(shelf: Shelf, tenant: string, id: string): string {
    return join(this.tenantShelf(shelf, tenant), checkFileId(id));
  }

  /** The record beside a finished file; in quarantine it is meant for people, so it has no dot. */
  sidecar(shelf: Shelf, tenant: string, id: string): string {
    const name = `${checkFileId(id)}.json`;
    return join(this.tenantShelf(shelf, tenant), shelf === "quarantine" ? name : `.${name}`);
  }

  /** The bytes of an unfinished upload. */
  upload(id: string): string {
    return join(this.uploads, checkFileId(id));
  }

  uploadInfo(id: string): string {
    return join(this.uploads, `${checkFileId(id)}.json`);
  }
}

/**
 * Makes the folders that are missing, readable for their owner alone.
 * @throws {Failure} `data-not-writable`
 */
export async function prepareData(layout: Layout): Promise<void> {
  const folders = [layout.root, layout.uploads, layout.db, ...SHELVES.map((s) => layout.shelf(s))];
  for (
    const folder of [...folders, join(layout.root, "constraints"), join(layout.root, "tenants")]
  ) {
    await makeDataFolder(folder);
  }
}

/**
 * Makes a folder of the data directory, or that itself, unless it is there.
 * @throws {Failure} `data-not-writable`
 */
export async function makeDataFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Failure(
      "server",
      "data-not-writable",
      `Cannot make the data folder "${folder}": ${error instanceof Error ? error.name : "failed"}`,
      { hint: "Choose another --data, or give this user the right to write it.", cause: error },
    );
  }
}

function checkFileId(id: string): string {
  if (isFileId(id)) return id;
  throw new Failure("usage", "bad-file-id", `Cannot use ${JSON.stringify(id)} as a file id`);
}
