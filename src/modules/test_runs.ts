import { join } from "node:path";
import { z } from "zod";
import { keepOwner } from "../base/owner.ts";
import { Failure } from "../base/failure.ts";
import { type TestRun, testRunSchema, type VersionView } from "../protocol/module_view.ts";
import {
  ensureFolder,
  listFolder,
  orNull,
  readJson,
  removeIfThere,
  writeDurably,
} from "../data/durable.ts";
import { isVersion, type ModuleStore } from "./store.ts";

const requestSchema = z.object({
  version: z.string().refine(isVersion),
  name: z.string(),
  askedAt: z.string(),
});

/** A test run that `manage` has yet to finish. */
export interface RequestedTestRun extends z.infer<typeof requestSchema> {
  tenant: string;
  /** The path of the sample. */
  sample: string;
}

/**
 * Test runs: `serve` stores a sample with a request, `manage` runs it through the module in the
 * sandbox and stores the result beside the version. One at a time for each tenant.
 */
export class TestRuns {
  readonly folder: string;
  readonly #store: ModuleStore;

  /** @param inbox the folder of the `ModuleInbox`, which `manage` watches */
  constructor(inbox: string, store: ModuleStore) {
    this.folder = join(inbox, "test-runs");
    this.#store = store;
  }

  /**
   * Requests a test run.
   * @param sample the path of the sample, which is copied
   * @throws {Failure} `test-run-in-progress` before the last one is finished
   */
  async request(
    tenant: string,
    version: string,
    name: string,
    sample: string,
    now: number,
  ): Promise<TestRun> {
    await ensureFolder(this.folder);
    const askedAt = new Date(now).toISOString();
    return await this.#store.locked(tenant, async () => {
      if (await this.inProgress(tenant)) throw alreadyInProgress();
      await Deno.copyFile(sample, this.#sample(tenant));
      keepOwner(this.#sample(tenant));
      // The request comes last: a reader who finds it finds the whole sample.
      await writeDurably(this.#request(tenant), JSON.stringify({ version, name, askedAt }));
      return { ...NO_RESULT, state: "waiting", name, askedAt };
    });
  }

  /** The unfinished test run of a tenant, or null. */
  async inProgress(tenant: string): Promise<RequestedTestRun | null> {
    // A damaged request is none: the next one replaces it.
    const request = requestSchema.safeParse(await readJson(this.#request(tenant))).data;
    return request ? { ...request, tenant, sample: this.#sample(tenant) } : null;
  }

  /** All unfinished test runs, sorted by tenant. */
  async list(): Promise<RequestedTestRun[]> {
    const entries = await listFolder(this.folder);
    const names = entries.map(({ name }) => name).filter((name) => /^[^.].*\.json$/.test(name));
    const found = names.sort().map((name) => this.inProgress(name.replace(/\.json$/, "")));
    return (await Promise.all(found)).filter((run) => run !== null);
  }

  /** Stores the result of a test run and removes the sample. */
  async finish({ tenant, version }: RequestedTestRun, result: TestRun): Promise<void> {
    // Without the version there is nobody to show it to.
    await orNull(writeDurably(this.#result(tenant, version), JSON.stringify(result)));
    await removeIfThere(this.#request(tenant));
    await removeIfThere(this.#sample(tenant));
  }

  /** The last test run of a version, finished or not; null when it has none. */
  async last(tenant: string, version: string): Promise<TestRun | null> {
    const open = await this.inProgress(tenant);
    if (open?.version === version) {
      return { ...NO_RESULT, state: "waiting", name: open.name, askedAt: open.askedAt };
    }
    return testRunSchema.safeParse(await readJson(this.#result(tenant, version))).data ?? null;
  }

  #request(tenant: string): string {
    return join(this.folder, `${tenant}.json`);
  }

  #sample(tenant: string): string {
    return join(this.folder, `${tenant}.sample`);
  }

  #result(tenant: string, version: string): string {
    if (!isVersion(version)) throw new TypeError(`Not a version: ${JSON.stringify(version)}`);
    return join(this.#store.folder(tenant), version, "test-run.json");
  }
}

const NO_RESULT = {
  finishedAt: null,
  tables: [],
  rejects: [],
  counts: null,
  logs: [],
  notices: [],
  failure: null,
};

/** The failure of a test run of a version that `canRun` excludes. */
export function notRunnable(version: string, state: VersionView["state"]): Failure {
  const text = `Cannot run version ${version}: it is ${state}`;
  return new Failure("refused", "wrong-version-state", text, {
    hint: state === "rejected"
      ? "Submit a version that takes the operator's note into account."
      : "Wait until the version is checked, or submit one without faults.",
  });
}

function alreadyInProgress(): Failure {
  const text = "Cannot start a test run: the previous one is still in progress";
  return new Failure("refused", "test-run-in-progress", text, {
    hint: "Wait until it has finished.",
  });
}
