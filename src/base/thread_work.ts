import { Failure, type FailureKind, type FailureOptions } from "./failure.ts";

/** What a thread sends back. */
type Reply<Result> = { result: Result } | { failure: PlainFailure } | { error: string };

/** A {@link Failure} as a message: errors lose their fields between threads. */
interface PlainFailure extends Pick<FailureOptions, "hint" | "details"> {
  kind: FailureKind;
  code: string;
  message: string;
}

interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(reply: Reply<unknown>): void;
}

/**
 * Runs work in a thread of its own, which ends afterwards and gives its memory back.
 *
 * @param thread a new one, whose module calls {@link answerWork}
 * @throws {Failure} that of the work
 *
 * @example
 * ```ts ignore
 * const url = new URL("./submission_worker.ts", import.meta.url);
 * const answer = await runInThread(new Worker(url, { type: "module" }), { path });
 * ```
 */
export async function runInThread<Result>(thread: Worker, work: unknown): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply<Result>>();
  thread.onmessage = ({ data }: MessageEvent<Reply<Result>>) => resolve(data);
  thread.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot run the thread: ${event.message}`));
  };
  thread.postMessage(work);
  try {
    const reply = await promise;
    if ("result" in reply) return reply.result;
    if ("error" in reply) throw new Error(reply.error);
    const { kind, code, message, ...options } = reply.failure;
    throw new Failure(kind, code, message, options);
  } finally {
    thread.terminate();
  }
}

/** Answers {@link runInThread} in the thread. */
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
    if (!(error instanceof Failure)) return { error: String(error) };
    const { kind, code, message, hint, details } = error;
    return { failure: { kind, code, message, hint, details } };
  }
}
