import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseTenantJson, type Permissions, type TenantJson } from "../config/tenant_json.ts";
import { keepLinkOwner } from "../base/owner.ts";
import { Failure } from "../base/failure.ts";
import { isTenantName } from "../base/tenant_name.ts";
import { type ModuleFiles, moduleFilesSchema } from "../protocol/module_view.ts";
import { type Declaration, parseDeclaration } from "../sandbox/wire/declaration.ts";
import {
  ensureFolder,
  fsyncFolder,
  listFolder,
  orNull,
  statIfThere,
  writeDurably,
} from "../data/durable.ts";
import { withModuleLock } from "./lock.ts";
import { newRecord, type VersionRecord, versionRecordSchema } from "./version_record.ts";

/** A module that was bundled and checked. */
export interface BuiltModule {
  /** The bundled script. */
  script: string;
  declaration: Declaration;
  tenantJson: TenantJson;
}

/** A version that can run. */
export interface DeployedModule extends BuiltModule {
  version: string;
}

/** Names a version of a tenant's module. */
export interface TenantVersion {
  tenant: string;
  version: string;
}

const TENANT_JSON = "tenant.json";
const VERSION = /^v\d+-[0-9a-f]{8}$/;

/** True for the name of a version, such as `v3-1f0c9a2b`. No other text becomes a path. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/**
 * The versions of tenants' modules in `DATA/tenants`: one folder per version, and `current`, a
 * symbolic link to one of them that is replaced by rename. `serve` creates versions and `manage`
 * builds them; a lock per tenant serializes their changes.
 *
 * A version's folder has `source.json` (the submitted texts by path), `version.json` (its state) and,
 * once built, `module.js`, `declaration.json` and `tenant.json`.
 */
export class ModuleStore {
  readonly #root: string;
  readonly #cache = new Map<string, DeployedModule>();

  /** @param root `DATA/tenants` */
  constructor(root: string) {
    this.#root = root;
  }

  /** Returns a tenant's current module, or null. */
  async current(tenant: string): Promise<DeployedModule | null> {
    const version = await this.currentVersion(tenant);
    if (version === null) return null;
    const known = this.#cache.get(tenant);
    if (known?.version === version) return known;
    const module = await this.built(tenant, version);
    this.#cache.set(tenant, module);
    return module;
  }

  currentVersion(tenant: string): Promise<string | null> {
    return orNull(Deno.readLink(join(this.folder(tenant), "current")));
  }

  /** Returns the tenants that have a module, or had one. */
  async tenants(): Promise<string[]> {
    const entries = await listFolder(this.#root);
    return entries.filter(({ isDirectory, name }) => isDirectory && isTenantName(name))
      .map(({ name }) => name);
  }

  /** Returns the names of all versions, oldest first. */
  async versions(tenant: string): Promise<string[]> {
    const entries = await listFolder(this.folder(tenant));
    return entries.filter(({ isDirectory, name }) => isDirectory && isVersion(name))
      .map(({ name }) => name).sort((a, b) => numberOf(a) - numberOf(b));
  }

  /** Returns a version's record. @throws {Failure} `no-such-version` */
  async record(tenant: string, version: string): Promise<VersionRecord> {
    const folder = this.#folderOf(tenant, version);
    const text = await orNull(Deno.readTextFile(join(folder, "version.json")));
    if (text !== null) return parseRecord(text) ?? damagedRecord(version);
    const stat = await orNull(Deno.stat(folder));
    if (stat === null) throw noSuchVersion(tenant, version);
    if (await statIfThere(join(folder, "module.js")) === null) return damagedRecord(version);
    // Deployed by a program that wrote no records yet.
    const record = newRecord(version, stat.mtime?.getTime() ?? 0);
    return { ...record, state: "approved", decidedAt: record.submittedAt };
  }

  /** Returns the records of all versions, oldest first. */
  async records(tenant: string): Promise<VersionRecord[]> {
    const versions = await this.versions(tenant);
    return await Promise.all(versions.map((version) => this.record(tenant, version)));
  }

  /** Returns a version's sources; {} for one that an early program deployed without keeping them. */
  async sources(tenant: string, version: string): Promise<ModuleFiles> {
    const text = await orNull(Deno.readTextFile(this.sourcePath(tenant, version)));
    return text === null ? {} : moduleFilesSchema.parse(JSON.parse(text));
  }

  /** Returns the path of a version's sources, in JSON: texts by path. Early versions have none. */
  sourcePath(tenant: string, version: string): string {
    return join(this.#folderOf(tenant, version), "source.json");
  }

  /**
   * Stores a new version durably. The caller holds the tenant's lock.
   * @param record returns the record of the version with this name
   */
  async create(
    tenant: string,
    files: ModuleFiles,
    record: (version: string) => VersionRecord,
    module: BuiltModule | null = null,
  ): Promise<VersionRecord> {
    const last = (await this.versions(tenant)).at(-1);
    const version = `v${last ? numberOf(last) + 1 : 1}-${hashOfSources(files)}`;
    const folder = this.folder(tenant);
    const part = join(folder, `.${version}.part`);
    await Deno.remove(part, { recursive: true }).catch(() => {});
    await ensureFolder(part);
    const created = record(version);
    await writeDurably(join(part, "source.json"), JSON.stringify(files));
    await writeDurably(join(part, "version.json"), JSON.stringify(created, null, 2));
    if (module) await writeBuilt(part, module);
    await Deno.rename(part, join(folder, version));
    await fsyncFolder(folder);
    return created;
  }

  /** Stores a built version beside its sources. */
  async keepBuilt(tenant: string, version: string, module: BuiltModule): Promise<void> {
    await writeBuilt(this.#folderOf(tenant, version), module);
  }

  /** Replaces a version's record. The caller holds the tenant's lock. */
  async write(tenant: string, record: VersionRecord): Promise<void> {
    const path = join(this.#folderOf(tenant, record.version), "version.json");
    await writeDurably(path, JSON.stringify(record, null, 2));
  }

  /** Makes a version current. The caller holds the tenant's lock. */
  async point(tenant: string, version: string): Promise<void> {
    const folder = this.folder(tenant);
    const part = join(folder, "current.part");
    await Deno.remove(part).catch(() => {});
    await Deno.symlink(version, part);
    await keepLinkOwner(part);
    await Deno.rename(part, join(folder, "current"));
    await fsyncFolder(folder);
  }

  /** Removes a version that is not current. The caller holds the tenant's lock. */
  async drop(tenant: string, version: string): Promise<void> {
    await Deno.remove(this.#folderOf(tenant, version), { recursive: true });
  }

  /** Returns the bytes of a version's files on the disk. */
  async bytesOf(tenant: string, version: string): Promise<number> {
    const folder = this.#folderOf(tenant, version);
    const entries = await listFolder(folder);
    const sizes = entries.map(async ({ name }) =>
      (await statIfThere(join(folder, name)))?.size ?? 0
    );
    return (await Promise.all(sizes)).reduce((all, size) => all + size, 0);
  }

  /** Runs `work` while holding the tenant's lock. */
  locked<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    return withModuleLock(this.folder(tenant), work);
  }

  /** Returns the path of a tenant's folder. */
  folder(tenant: string): string {
    return join(this.#root, tenant);
  }

  /** Returns a built version. @throws {Failure} `module-unreadable` when it was not built */
  async built(tenant: string, version: string): Promise<DeployedModule> {
    const dir = this.#folderOf(tenant, version);
    try {
      const tenantJson = await Deno.readTextFile(join(dir, TENANT_JSON));
      const declaration = await Deno.readTextFile(join(dir, "declaration.json"));
      return {
        version,
        script: await Deno.readTextFile(join(dir, "module.js")),
        declaration: parseDeclaration(JSON.parse(declaration)),
        tenantJson: parseTenantJson(tenantJson, join(dir, TENANT_JSON)),
      };
    } catch (error) {
      const isDenied = error instanceof Deno.errors.PermissionDenied;
      const text = `Cannot read version ${version} of the module of "${tenant}"` +
        (isDenied ? ": permission is denied" : "");
      const hint = isDenied
        ? "Run mysimbdp manage doctor as root; it prints the command that corrects the owner."
        : `Run mysimbdp manage tenant deploy ${tenant} DIR to deploy it again.`;
      throw new Failure("internal", "module-unreadable", text, { cause: error, hint });
    }
  }

  /** Returns what a version may do; null if it was not built. */
  async permissions(tenant: string, version: string): Promise<Permissions | null> {
    const path = join(this.#folderOf(tenant, version), TENANT_JSON);
    const text = await orNull(Deno.readTextFile(path));
    return text === null ? null : parseTenantJson(text, path).permissions;
  }

  /**
   * Returns what a version, or the current one, declares for new versions of a file; `add` if it cannot
   * be read.
   */
  async versionsRule(tenant: string, version: string | null): Promise<Declaration["versions"]> {
    const name = version ?? await this.currentVersion(tenant);
    if (name === null || !isVersion(name)) return "add";
    const path = join(this.#folderOf(tenant, name), "declaration.json");
    const text = await orNull(Deno.readTextFile(path));
    return text !== null && JSON.parse(text).versions === "replace" ? "replace" : "add";
  }

  #folderOf(tenant: string, version: string): string {
    if (!isVersion(version)) throw noSuchVersion(tenant, version);
    return join(this.folder(tenant), version);
  }
}

/** Returns the sequence number in a version's name. */
export function numberOf(version: string): number {
  return Number(/^v(\d+)-/.exec(version)?.[1] ?? 0);
}

/** Returns the part of a version's name that is derived from its sources. */
export function hashOfSources(files: ModuleFiles): string {
  const sorted = Object.entries(files).sort(([a], [b]) => a < b ? -1 : 1);
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 8);
}

function parseRecord(text: string): VersionRecord | null {
  try {
    return versionRecordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** A damaged record must not hide the tenant's other versions. */
function damagedRecord(version: string): VersionRecord {
  const message = "It cannot be read. Submit the module again";
  const faults = [{ file: "version.json", line: 1, column: 1, message }];
  return { ...newRecord(version, 0), state: "faulty", faults };
}

function noSuchVersion(tenant: string, version: string): Failure {
  const text = `Cannot find version ${JSON.stringify(version.slice(0, 60))} of "${tenant}"`;
  return new Failure("usage", "no-such-version", text, {
    hint: `Run mysimbdp manage tenant versions ${tenant} to list all versions.`,
  });
}

async function writeBuilt(folder: string, module: BuiltModule): Promise<void> {
  await writeDurably(join(folder, "module.js"), module.script);
  await writeDurably(join(folder, "declaration.json"), declarationText(module.declaration));
  await writeDurably(join(folder, TENANT_JSON), JSON.stringify(module.tenantJson, null, 2));
}

/** Writes a declaration as modules write it, so that one parser reads both. */
function declarationText(declaration: Declaration): string {
  const tables = declaration.tables.map(({ name, columns, ...settings }) => [name, {
    columns: Object.fromEntries(
      columns.map(({ name, type, options }) => [name, options ? { type, ...options } : type]),
    ),
    ...settings,
  }]);
  return JSON.stringify({ ...declaration, tables: Object.fromEntries(tables) }, null, 2);
}
