import { z } from "zod";
import type { Layout } from "../../data/layout.ts";
import { ModuleInbox } from "../../modules/inbox.ts";
import { ModuleLog } from "../../modules/module_log.ts";
import { isVersion, ModuleStore } from "../../modules/store.ts";
import { SourceThread } from "../../modules/source_thread.ts";
import { TestRuns } from "../../modules/test_runs.ts";
import { type VersionRecord, viewOfVersion } from "../../modules/version_record.ts";
import type { ModuleView, SourcePageView, VersionSources } from "../../protocol/module_view.ts";
import { notFound } from "../http/problem_response.ts";
import { Submissions } from "./submissions.ts";

/** The stored modules, and the requests about them to `manage`. */
export interface ModuleDeps {
  store: ModuleStore;
  inbox: ModuleInbox;
  log: ModuleLog;
  testRuns: TestRuns;
  /** Reads and compares the files of versions. */
  sources: SourceThread;
  submissions: Submissions;
}

/** @param stopping aborts when the server stops */
export function moduleDeps({ moduleRoot }: Layout, stopping?: AbortSignal): ModuleDeps {
  const store = new ModuleStore(moduleRoot);
  const inbox = new ModuleInbox(moduleRoot);
  const sources = new SourceThread(store);
  const submissions = new Submissions();
  stopping?.addEventListener("abort", () => {
    sources.close();
    submissions.close();
  });
  return {
    store,
    inbox,
    log: new ModuleLog(store),
    testRuns: new TestRuns(inbox.folder, store),
    sources,
    submissions,
  };
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

/** The query that selects a page of a file of a version. */
export const sourceQuerySchema = z.object({
  path: z.string().describe("One of `sources`."),
  page: z.coerce.number().int().positive().default(1).describe("From 1."),
});

/** A version with the list of its files. @param reader the tenant; null for an operator */
export async function versionSources(
  modules: ModuleDeps,
  tenant: string,
  name: string,
  reader: string | null,
): Promise<VersionSources> {
  const record = await versionOf(modules, tenant, name);
  const { version } = record;
  return {
    ...viewOfVersion(record),
    sources: await modules.sources.list({ tenant, version }, reader),
  };
}

/** A page of a file of a version. @param reader the tenant; null for an operator */
export async function sourcePage(
  modules: ModuleDeps,
  at: { tenant: string; version: string },
  query: z.infer<typeof sourceQuerySchema>,
  reader: string | null,
): Promise<SourcePageView> {
  const { version } = await versionOf(modules, at.tenant, at.version);
  const found = await modules.sources.text({ tenant: at.tenant, version }, query, reader);
  if (found) return { path: query.path, ...found };
  throw notFound(`page ${query.page} of file ${JSON.stringify(query.path)} in version ${version}`);
}
