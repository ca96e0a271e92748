/** Bounds the bytes that all uploads together hold in memory. First come, first served. */
export class ByteBudget {
  #free: number;
  readonly #queue: { bytes: number; start: () => void }[] = [];

  /** @param capacity bytes */
  constructor(readonly capacity: number) {
    this.#free = capacity;
  }

  /**
   * Waits until `bytes` are free and takes them; more than the capacity counts as the capacity.
   * @returns gives them back, once
   */
  async take(bytes: number): Promise<() => void> {
    const taken = Math.min(bytes, this.capacity);
    if (this.#queue.length > 0 || taken > this.#free) {
      await new Promise<void>((start) => this.#queue.push({ bytes: taken, start }));
    } else {
      this.#free -= taken;
    }
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#free += taken;
      this.#startWaiting();
    };
  }

  #startWaiting(): void {
    for (let first = this.#queue[0]; first && first.bytes <= this.#free; first = this.#queue[0]) {
      this.#queue.shift();
      this.#free -= first.bytes;
      first.start();
    }
  }
}
