import { runInThread } from "../../base/thread_work.ts";
import { KeyedLock } from "../../staging/keyed_lock.ts";
import type { Submission, Submitted } from "./submission_worker.ts";

/** Bytes of a submission that others do not have to wait for. */
const SMALL = 1024 * 1024;

/**
 * Stores submitted modules in threads: at most one large one at a time, which can take 300 MB of memory
 * for a moment, and one small one beside it.
 */
export class Submissions {
  readonly #lanes = new KeyedLock();

  /** @throws {Failure} `bad-request`, `no-os-sandbox` and those of `submitModule` */
  async store(submission: Submission): Promise<Submitted> {
    const { size } = await Deno.stat(submission.path);
    return await this.#lanes.run(size > SMALL ? "large" : "small", () => {
      const url = new URL("./submission_worker.ts", import.meta.url);
      return runInThread<Submitted>(new Worker(url, { type: "module" }), submission);
    });
  }
}
