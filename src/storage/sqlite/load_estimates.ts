/**
 * Bytes of the disk that a load takes, for each byte of its file: the log and what the database grows
 * by. Rows of 70 bytes take 5, rows of 7 bytes 33; files of one tenant are alike.
 */
const USUAL_RATIO = 5;
/** Smaller files are not measured: their ratio of changed pages to size does not apply to larger ones. */
const TELLING_BYTES = 1 << 20;

/** What the loads of each database take on the disk, learned from those before. */
export class LoadEstimates {
  readonly #ratios = new Map<string, number>();

  /** @param path of the database @returns bytes */
  of(path: string, fileBytes: number): number {
    return Math.ceil(fileBytes * (this.#ratios.get(path) ?? USUAL_RATIO));
  }

  learn(path: string, fileBytes: number, usedBytes: number): void {
    if (fileBytes < TELLING_BYTES || usedBytes === 0) return;
    const ratio = usedBytes / fileBytes;
    // Slowly down, at once up: too little is worse than too much.
    this.#ratios.set(path, Math.max(ratio, ((this.#ratios.get(path) ?? ratio) + ratio) / 2));
  }
}
