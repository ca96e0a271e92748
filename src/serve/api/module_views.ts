import type { Layout } from "../../data/layout.ts";
import { ModuleInbox } from "../../modules/inbox.ts";
import { ModuleLog } from "../../modules/module_log.ts";
import { isVersion, ModuleStore } from "../../modules/store.ts";
import { TestRuns } from "../../modules/test_runs.ts";
import { type VersionRecord, viewOfVersion } from "../../modules/version_record.ts";
import type { ModuleView } from "../../protocol/module_view.ts";
import { notFound } from "../http/problem_response.ts";

/** The stored modules, and the requests about them to `manage`. */
export interface ModuleDeps {
  store: ModuleStore;
  inbox: ModuleInbox;
  log: ModuleLog;
  testRuns: TestRuns;
}

export function moduleDeps({ moduleRoot }: Layout): ModuleDeps {
  const store = new ModuleStore(moduleRoot);
  const inbox = new ModuleInbox(moduleRoot);
  return { store, inbox, log: new ModuleLog(store), testRuns: new TestRuns(inbox.folder, store) };
}

/** A tenant's module: its versions, newest first, and the one that runs. */
export async function moduleOf({ store }: ModuleDeps, tenant: string): Promise<ModuleView> {
  const versions = (await store.records(tenant)).map(viewOfVersion).reverse();
  return { current: await store.currentVersion(tenant), versions };
}

/** One version of a tenant's module. @throws {Failure} `not-found` */
export async function versionOf(
  { store }: ModuleDeps,
  tenant: string,
  version: string,
): Promise<VersionRecord> {
  if (isVersion(version) && (await store.versions(tenant)).includes(version)) {
    return await store.record(tenant, version);
  }
  throw notFound(`version ${JSON.stringify(version)} of the module`);
}
