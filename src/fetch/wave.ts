import type { Constraints } from "../protocol/constraints.ts";
import type { UploadView } from "../protocol/file_view.ts";
import type { ApiClient } from "./client.ts";

/** The files of one look at the directory: one batch, in which `number_files` counts. */
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

  /** Takes one of the places of `number_files`, if there is one left. */
  admit(): boolean {
    this.#places -= 1;
    return this.#places >= 0;
  }

  /** The batch's id; it is opened when it is first asked for. */
  batch(): Promise<string> {
    this.#batch ??= this.#client.openBatch(this.#signal).catch((error) => {
      this.#batch = null;
      throw error;
    });
    return this.#batch;
  }

  /** What earlier runs have left unfinished. */
  unfinished(): Promise<UploadView[]> {
    this.#unfinished ??= this.#client.uploads(this.#signal).catch((error) => {
      this.#unfinished = null;
      throw error;
    });
    return this.#unfinished;
  }
}
