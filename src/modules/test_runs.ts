import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../base/failure.ts";
import { type TestRun, testRunSchema } from "../protocol/module_view.ts";
import {
  ensureFolder,
  listFolder,
  orNull,
  removeIfThere,
  writeAll,
  writeDurably,
} from "../data/durable.ts";
import { isVersion, type ModuleStore } from "./store.ts";

const requestSchema = z.object({ version: z.string(), name: z.string(), askedAt: z.string() });

/** A sample that is to be run through a version of a module. */
export interface RequestedTestRun extends z.infer<typeof requestSchema> {
  tenant: string;
  /** Where the sample lies. */
  sample: string;
}

/**
 * Test runs: `serve` leaves a sample, `manage` runs it through the module in the sandbox and leaves
 * what came of it beside the version. One at a time for each customer.
 */
export class TestRuns {
  readonly folder: string;
  readonly #store: ModuleStore;

  /** @param inbox the folder of the `ModuleInbox`, on which `manage` has an eye */
  constructor(inbox: string, store: ModuleStore) {
    this.folder = join(inbox, "test-runs");
    this.#store = store;
  }

  /** Leaves a sample. @throws {Failure} `test-run-in-progress` while the one before is under way */
  async ask(
    tenant: string,
    version: string,
    name: string,
    sample: Uint8Array<ArrayBuffer>,
    now: number,
  ): Promise<TestRun> {
    await ensureFolder(this.folder);
    const askedAt = new Date(now).toISOString();
    return await this.#store.locked(tenant, async () => {
      if (await this.waiting(tenant)) throw stillWaiting();
      using file = await Deno.open(this.#sample(tenant), {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      await writeAll(file, sample);
      // The request last: who sees it finds the sample whole.
      await writeDurably(this.#request(tenant), JSON.stringify({ version, name, askedAt }));
      return { ...NOTHING, state: "waiting", name, askedAt };
    });
  }

  /** The test run of a tenant that is under way; null when there is none. */
  async waiting(tenant: string): Promise<RequestedTestRun | null> {
    const text = await orNull(Deno.readTextFile(this.#request(tenant)));
    if (text === null) return null;
    return { ...requestSchema.parse(JSON.parse(text)), tenant, sample: this.#sample(tenant) };
  }

  /** All that are asked for, in the order of their tenants' names. */
  async list(): Promise<RequestedTestRun[]> {
    const entries = await listFolder(this.folder);
    const names = entries.map(({ name }) => name).filter((name) => /^[^.].*\.json$/.test(name));
    const asked = names.sort().map((name) => this.waiting(name.replace(/\.json$/, "")));
    return (await Promise.all(asked)).filter((testRun) => testRun !== null);
  }

  /** Keeps what came of a test run, and forgets the sample. */
  async finish({ tenant, version }: RequestedTestRun, outcome: TestRun): Promise<void> {
    await writeDurably(this.#outcome(tenant, version), JSON.stringify(outcome));
    await removeIfThere(this.#request(tenant));
    await removeIfThere(this.#sample(tenant));
  }

  /** The last test run of a version, done or under way; null when there was none. */
  async last(tenant: string, version: string): Promise<TestRun | null> {
    const asked = await this.waiting(tenant);
    if (asked?.version === version) {
      return { ...NOTHING, state: "waiting", name: asked.name, askedAt: asked.askedAt };
    }
    const text = await orNull(Deno.readTextFile(this.#outcome(tenant, version)));
    return text === null ? null : testRunSchema.parse(JSON.parse(text));
  }

  #request(tenant: string): string {
    return join(this.folder, `${tenant}.json`);
  }

  #sample(tenant: string): string {
    return join(this.folder, `${tenant}.sample`);
  }

  #outcome(tenant: string, version: string): string {
    if (!isVersion(version)) throw new TypeError(`Not a version: ${JSON.stringify(version)}`);
    return join(this.#store.folder(tenant), version, "test-run.json");
  }
}

const NOTHING = {
  finishedAt: null,
  tables: [],
  rejects: [],
  counts: null,
  logs: [],
  failure: null,
};

function stillWaiting(): Failure {
  return new Failure(
    "refused",
    "test-run-in-progress",
    "Cannot begin a test run: the one before is under way",
    { hint: "Wait until it is done." },
  );
}
