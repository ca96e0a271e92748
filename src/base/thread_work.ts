import { Failure, type FailureKind, type FailureOptions } from "./failure.ts";

/** What a thread sends back. */
type Reply<Result> = { result: Result } | { failure: PlainFailure } | { error: string };

/** A {@link Failure} as a message: errors lose their fields between threads. */
export interface PlainFailure extends Pick<FailureOptions, "hint" | "details"> {
  kind: FailureKind;
  code: string;
  message: string;
}

interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(reply: Reply<unknown>): void;
}

interface WorkThreadOptions {
  /** Starts the thread, whose module calls {@link answerWork}. */
  start(): Worker;
  /** Milliseconds without work after which the thread ends and gives its memory back. */
  idleMs: number;
}

/**
 * Does work in a second thread, one thing at a time. The thread starts with the first one: that takes
 * a moment on the main thread too, so it stays for the next ones.
 *
 * @example
 * ```ts ignore
 * const start = () => new Worker(new URL("./submission_worker.ts", import.meta.url), { type: "module" });
 * const thread = new WorkThread<Submission, Submitted>({ start, idleMs: 60_000 });
 * const { version } = await thread.run(submission);
 * thread.close();
 * ```
 */
export class WorkThread<Work, Result> {
  readonly #options: WorkThreadOptions;
  #worker: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isWorking = false;
  #isClosed = false;

  constructor(options: WorkThreadOptions) {
    this.#options = options;
  }

  /** Does the work after all earlier work. @throws {Failure} that of the work */
  run(work: Work): Promise<Result> {
    const done = this.#last.then(() => this.#ask(work));
    this.#last = done.catch(() => {});
    return done;
  }

  /** Ends the thread, after the work that it is doing. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isWorking) this.#end();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
  }

  async #ask(work: Work): Promise<Result> {
    clearTimeout(this.#timer);
    this.#isWorking = true;
    const reply = await this.#answerOf(this.#worker ??= this.#options.start(), work);
    this.#isWorking = false;
    if (this.#isClosed) this.#end();
    else {
      this.#timer = setTimeout(() => this.#end(), this.#options.idleMs);
      Deno.unrefTimer(this.#timer);
    }
    if ("result" in reply) return reply.result;
    if ("error" in reply) throw new Error(reply.error);
    throw failureOf(reply.failure);
  }

  #answerOf(worker: Worker, work: Work): Promise<Reply<Result>> {
    return new Promise((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<Reply<Result>>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        this.#end();
        resolve({ error: `Cannot run the thread: ${event.message}` });
      };
      worker.postMessage(work);
    });
  }
}

/** Answers {@link WorkThread.run} in the thread. */
export function answerWork<Work, Result>(answer: (work: Work) => Promise<Result>): void {
  const port = self as unknown as Port;
  port.onmessage = async ({ data }) => port.postMessage(await replyTo(answer, data));
}

async function replyTo<Work, Result>(
  answer: (work: Work) => Promise<Result>,
  work: Work,
): Promise<Reply<Result>> {
  try {
    return { result: await answer(work) };
  } catch (error) {
    return error instanceof Failure ? { failure: plainOf(error) } : { error: String(error) };
  }
}

/** Returns a failure as a message; {@link failureOf} is its reverse. */
export function plainOf({ kind, code, message, hint, details }: Failure): PlainFailure {
  return { kind, code, message, hint, details };
}

/** Returns the failure of a message. */
export function failureOf({ kind, code, message, ...options }: PlainFailure): Failure {
  return new Failure(kind, code, message, options);
}
