import type { Constraints } from "../protocol/constraints.ts";
import type { UploadView } from "../protocol/file_view.ts";
import type { ApiClient } from "./client.ts";

/** The files of one scan: one batch, to which `number_files` applies. */
export class Wave {
  #places: number;
  /** Returns the batch's id; opens it at the first call. */
  readonly batch: () => Promise<string>;
  /** Returns the unfinished uploads of earlier runs. */
  readonly unfinished: () => Promise<UploadView[]>;

  constructor(
    { client, signal }: { client: ApiClient; signal: AbortSignal },
    constraints: Constraints,
  ) {
    this.#places = constraints.number_files;
    this.batch = untilSuccess(() => client.openBatch(signal));
    this.unfinished = untilSuccess(() => client.uploads(signal));
  }

  /** Returns whether one more file is allowed by `number_files`. */
  admit(): boolean {
    this.#places -= 1;
    return this.#places >= 0;
  }
}

/** Returns a function that runs the request once, and again only after a failure. */
function untilSuccess<T>(request: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () =>
    result ??= request().catch((error) => {
      result = null;
      throw error;
    });
}
