import { runInThread } from "../../base/thread_work.ts";
import type { Submission, Submitted } from "./submission_worker.ts";

/** Stores submitted modules in a thread, one after another: each can take 200 MB of memory for a moment. */
export class Submissions {
  #last: Promise<unknown> = Promise.resolve();

  /** @throws {Failure} `bad-request`, `no-os-sandbox` and those of `submitModule` */
  store(submission: Submission): Promise<Submitted> {
    const stored = this.#last.then(() => {
      const url = new URL("./submission_worker.ts", import.meta.url);
      return runInThread<Submitted>(new Worker(url, { type: "module" }), submission);
    });
    this.#last = stored.catch(() => {});
    return stored;
  }
}
