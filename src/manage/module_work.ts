import { messageOf } from "../base/failure.ts";
import type { DiskState } from "../data/disk_state.ts";
import type { ModuleRequestHandler } from "../modules/build/request_handler.ts";
import type { ModuleInbox } from "../modules/inbox.ts";
import { runRequestedTest, type TestRunDeps } from "../modules/test_run/run_requested.ts";
import type { Emit } from "../telemetry/events.ts";

interface ModuleWorkDeps {
  inbox: ModuleInbox;
  moduleRequests: ModuleRequestHandler;
  testRunDeps: TestRunDeps;
  disk: DiskState;
  emit: Emit;
  /** Called when a version became current: files may wait for it. */
  onPromoted: () => void;
}

/** A check, an approval or a test run that was requested. */
interface Job {
  tenant: string;
  /** Differs from that of every other job. */
  key: string;
  /** Whether it runs code of its tenant. An approval does not, so it waits for no other tenant. */
  runsCode: boolean;
  run(): Promise<void>;
}

/** Jobs that run code: each can take the memory of one sandbox, beside those of files. */
const AT_ONCE = 2;

/**
 * Works off checks, approvals and test runs in fair order: two at once that run code, never two of one tenant, and next
 * is always the tenant whose last turn is the longest ago. So a tenant waits for one job at most,
 * however many others submit, and however often.
 */
export class ModuleWork {
  readonly #deps: ModuleWorkDeps;
  readonly #running = new Map<string, Promise<void>>();
  /** The number of the last turn of each tenant. */
  readonly #turns = new Map<string, number>();
  #turn = 0;
  #runningCode = 0;
  /** Jobs that were tried and are still requested: the next look tries them again. */
  readonly #tried = new Set<string>();
  #starting: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(deps: ModuleWorkDeps) {
    this.#deps = deps;
  }

  /** Looks for requests and starts those that are next; does not wait until they are done. */
  look(): Promise<void> {
    this.#tried.clear();
    return this.#startNext();
  }

  /** Waits until all requests have been tried once. */
  async drain(): Promise<void> {
    await this.look();
    while (this.#running.size > 0) {
      await Promise.race(this.#running.values());
      await this.#starting;
    }
  }

  /** Starts no more jobs and waits for those that run. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting;
    await Promise.all(this.#running.values());
  }

  /** One call after the other, so that two of them do not start the same job. */
  #startNext(): Promise<void> {
    return this.#starting = this.#starting.then(() => this.#fill());
  }

  async #fill(): Promise<void> {
    const { emit, inbox: { folder } } = this.#deps;
    try {
      while (!this.#closed) {
        const job = this.#next(await this.#jobs());
        if (job === null) break;
        this.#start(job);
      }
      emit({ kind: "problem.ended", problem: "scan.failed", key: folder });
    } catch (error) {
      emit({ kind: "scan.failed", dir: folder, error: messageOf(error) });
    }
  }

  /** All requests; of one tenant, an operator's approvals come first. */
  async #jobs(): Promise<Job[]> {
    const { inbox, moduleRequests, testRunDeps, disk, onPromoted } = this.#deps;
    // What is built and checked is stored. The next look is after `manage.scan_seconds`.
    if (disk.shortage() !== null) return [];
    const requests = await inbox.list();
    const isApproval = ({ verb }: { verb: string }) => verb === "approve";
    const sorted = [
      ...requests.filter(isApproval),
      ...requests.filter((each) => !isApproval(each)),
    ];
    const tests = await testRunDeps.testRuns.list();
    return [
      ...sorted.map((request) => ({
        tenant: request.tenant,
        key: `${request.verb} ${request.tenant} ${request.version}`,
        runsCode: !isApproval(request),
        run: async () => void (await moduleRequests.handle(request) && onPromoted()),
      })),
      ...tests.map((request) => ({
        tenant: request.tenant,
        key: `test ${request.tenant} ${request.askedAt}`,
        runsCode: true,
        run: () => runRequestedTest(testRunDeps, request),
      })),
    ];
  }

  #next(jobs: Job[]): Job | null {
    const turnOf = ({ tenant }: Job) => this.#turns.get(tenant) ?? 0;
    const waiting = jobs.filter(({ tenant, key, runsCode }) =>
      !this.#running.has(tenant) && !this.#tried.has(key) &&
      !(runsCode && this.#runningCode >= AT_ONCE)
    );
    const first = (best: Job | null, job: Job) =>
      best === null || turnOf(job) < turnOf(best) ? job : best;
    return waiting.reduce(first, null);
  }

  #start({ tenant, key, runsCode, run }: Job): void {
    this.#turns.set(tenant, ++this.#turn);
    if (runsCode) this.#runningCode++;
    const running = run().finally(() => {
      if (runsCode) this.#runningCode--;
      this.#tried.add(key);
      this.#running.delete(tenant);
      void this.#startNext();
    });
    this.#running.set(tenant, running);
  }
}
