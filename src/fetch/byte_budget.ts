/** Limits the memory of all uploads together, in bytes; first come, first served. */
export class ByteBudget {
  #free: number;
  readonly #queue: { bytes: number; start: () => void }[] = [];

  /** @param capacity bytes */
  constructor(readonly capacity: number) {
    this.#free = capacity;
  }

  /**
   * Waits until `bytes` are free and reserves them; values above the capacity are capped.
   * @returns releases them; further calls have no effect
   */
  async take(bytes: number): Promise<() => void> {
    const taken = Math.min(bytes, this.capacity);
    if (this.#queue.length > 0 || taken > this.#free) {
      await new Promise<void>((start) => this.#queue.push({ bytes: taken, start }));
    } else {
      this.#free -= taken;
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
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
