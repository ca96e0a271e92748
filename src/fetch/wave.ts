import type { Constraints } from "../protocol/constraints.ts";
import type { UploadView } from "../protocol/file_view.ts";
import type { ApiClient } from "./client.ts";

/** The files of one scan: one batch, to which `number_files` applies. */
export class Wave {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;
  #places: number;
  #batch: Promise<string> | null = null;
  #unfinished: Promise<UploadView[]> | null = null;

  constructor(
    { client, signal }: { client: ApiClient; signal: AbortSignal },
    constraints: Constraints,
  ) {
    this.#client = client;
    this.#signal = signal;
    this.#places = constraints.number_files;
  }

  /** Returns whether one more file is allowed by `number_files`. */
  admit(): boolean {
    this.#places -= 1;
    return this.#places >= 0;
  }

  /** Returns the batch's id; opens it at the first call. */
  batch(): Promise<string> {
    this.#batch ??= this.#client.openBatch(this.#signal).catch((error) => {
      this.#batch = null;
      throw error;
    });
    return this.#batch;
  }

  /** Returns the unfinished uploads of earlier runs. */
  unfinished(): Promise<UploadView[]> {
    this.#unfinished ??= this.#client.uploads(this.#signal).catch((error) => {
      this.#unfinished = null;
      throw error;
    });
    return this.#unfinished;
  }
}
