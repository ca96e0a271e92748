import { WorkThread } from "../../base/thread_work.ts";
import type { Submission, Submitted } from "./submission_worker.ts";

/** Bytes of a submission that others do not have to wait for. */
const SMALL = 1024 * 1024;

/**
 * Stores submitted modules in two threads: one for large ones, which can take 300 MB of memory for a
 * moment and ends with them, and one for small ones.
 */
export class Submissions {
  readonly #large = new WorkThread<Submission, Submitted>({ start, idleMs: 1_000 });
  readonly #small = new WorkThread<Submission, Submitted>({ start, idleMs: 60_000 });

  /** @throws {Failure} `bad-request`, `no-os-sandbox` and those of `submitModule` */
  async store(submission: Submission): Promise<Submitted> {
    const { size } = await Deno.stat(submission.path);
    return await (size > SMALL ? this.#large : this.#small).run(submission);
  }

  /** Ends the threads, after what they are doing. */
  close(): void {
    this.#large.close();
    this.#small.close();
  }
}

function start(): Worker {
  return new Worker(new URL("./submission_worker.ts", import.meta.url), { type: "module" });
}
