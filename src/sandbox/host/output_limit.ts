import { Failure } from "../../base/failure.ts";

/** Counts the rows that a module returns for one file, in encoded bytes. */
export class OutputLimit {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws {Failure} `too-much-output` */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#maxBytes) return;
    const mb = Math.round(this.#maxBytes / 1024 ** 2);
    const text = `Cannot load the file: its module returned more than ${mb} MB of rows`;
    throw new Failure("refused", "too-much-output", text, {
      hint:
        "Return fewer rows for each record, or ask the operator to raise sandbox.max_output_ratio.",
    });
  }
}
