import { join, resolve } from "node:path";
import { Failure } from "../base/failure.ts";
import { makeFolders } from "../base/owner.ts";
import { checkTenantName, isTenantName } from "../base/tenant_name.ts";
import { listFolder } from "./durable.ts";
import { isFileId } from "./file_id.ts";

/** The folders for finished files, each with one folder for each tenant. */
export type FileFolder = "staging" | "archive" | "quarantine";
/** In the order in which files move. */
export const FILE_FOLDERS: readonly FileFolder[] = ["staging", "archive", "quarantine"];

/**
 * The paths in a data directory. They are built only from checked tenant names and file ids, so
 * nothing that a customer sends can point outside it.
 *
 * @example
 * ```ts
 * import { Layout } from "./layout.ts";
 * const layout = new Layout("./mysimbdp-data");
 * layout.constraints("customer-1"); // ".../mysimbdp-data/constraints/customer-1.json"
 * ```
 */
export class Layout {
  /** The data directory, as an absolute path. */
  readonly root: string;
  readonly users: string;
  /** The operators' accounts, in the format of users.json. */
  readonly admins: string;
  /** API tokens and old passwords, one file for each account that has some. */
  readonly credentials: string;
  /** What operators did, one line for each action. */
  readonly audit: string;
  /** One folder of modules for each tenant. */
  readonly moduleRoot: string;
  /** Secrets for modules, one file for each tenant. */
  readonly secrets: string;
  readonly uploads: string;
  readonly db: string;
  readonly receipts: string;
  readonly ledger: string;
  /** The last times of `serve` and `manage`, see `TrustedClock`. */
  readonly serveClock: string;
  readonly manageClock: string;
  /** From where accounts have signed in, see `KnownAddresses`. */
  readonly userAddresses: string;
  readonly adminAddresses: string;

  constructor(dataDir: string) {
    this.root = resolve(dataDir);
    this.users = join(this.root, "users.json");
    this.admins = join(this.root, "admins.json");
    this.credentials = join(this.root, "credentials");
    this.audit = join(this.root, "audit.log");
    this.moduleRoot = join(this.root, "tenants");
    this.secrets = join(this.root, "secrets");
    this.uploads = join(this.root, "uploads");
    this.db = join(this.root, "db");
    this.receipts = join(this.db, "receipts.sqlite");
    this.ledger = join(this.db, "ledger.sqlite");
    this.serveClock = join(this.db, "clock-serve.json");
    this.manageClock = join(this.db, "clock-manage.json");
    this.userAddresses = join(this.db, "addresses-users.json");
    this.adminAddresses = join(this.db, "addresses-admins.json");
  }

  /** Folders that may be on different disks, and that all must have room. */
  get disks(): readonly string[] {
    return [this.root, this.uploads, this.db];
  }

  /** The embedded engine's database of a tenant. */
  tenantDatabase(tenant: string): string {
    return join(this.db, "tenants", `${checkTenantName(tenant)}.sqlite`);
  }

  constraints(tenant: string): string {
    return join(this.root, "constraints", `${checkTenantName(tenant)}.json`);
  }

  /** The last good content of {@link constraints}. */
  lastConstraints(tenant: string): string {
    return join(this.root, "constraints", `.${checkTenantName(tenant)}.last.json`);
  }

  folder(folder: FileFolder): string {
    return join(this.root, folder);
  }

  tenantFolder(folder: FileFolder, tenant: string): string {
    return join(this.root, folder, checkTenantName(tenant));
  }

  /** A finished file's bytes. */
  file(folder: FileFolder, tenant: string, id: string): string {
    return join(this.tenantFolder(folder, tenant), checkFileId(id));
  }

  /** The record beside a finished file. In quarantine people read it, so its name has no dot. */
  sidecar(folder: FileFolder, tenant: string, id: string): string {
    const name = `${checkFileId(id)}.json`;
    return join(this.tenantFolder(folder, tenant), folder === "quarantine" ? name : `.${name}`);
  }

  /** An unfinished upload's bytes. */
  upload(id: string): string {
    return join(this.uploads, checkFileId(id));
  }

  uploadInfo(id: string): string {
    return join(this.uploads, `${checkFileId(id)}.json`);
  }
}

/** The tenants that have a folder in this one. */
export async function tenantsIn(layout: Layout, folder: FileFolder): Promise<string[]> {
  const entries = await listFolder(layout.folder(folder));
  return entries.filter(({ name, isDirectory }) => isDirectory && isTenantName(name))
    .map(({ name }) => name);
}

/**
 * Creates the missing folders of a data directory, readable only by their owner.
 * @throws {Failure} `data-not-writable`
 */
export function prepareData(layout: Layout): void {
  const { root, uploads, db, moduleRoot } = layout;
  const fileFolders = FILE_FOLDERS.map((folder) => layout.folder(folder));
  const folders = [root, uploads, db, ...fileFolders, join(root, "constraints"), moduleRoot];
  for (const folder of folders) makeDataFolder(folder);
}

/**
 * Creates the data directory or a folder in it, unless it exists.
 * @throws {Failure} `data-not-writable`
 */
export function makeDataFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    throw new Failure(
      "server",
      "data-not-writable",
      `Cannot create the data folder "${folder}": ${error instanceof Error ? error.name : error}`,
      { hint: "Choose another --data, or give this user write access to it.", cause: error },
    );
  }
}

function checkFileId(id: string): string {
  if (isFileId(id)) return id;
  throw new Failure("usage", "bad-file-id", `Cannot use ${JSON.stringify(id)} as a file id`);
}
