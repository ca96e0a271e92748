/**
 * The input of a Worker that cannot receive messages while its program runs: memory that it shares with
 * the thread that has the file. It contains one piece of the file at a time.
 *
 * @module
 */
const PIECE_BYTES = 256 * 1024;
const STATE = 0;
const LENGTH = 1;
const SENT = 2;
const CONTROL_BYTES = 16;

const EMPTY = 0;
const FULL = 1;
const ENDED = 2;

/** The side of the thread that has the file. */
export class InputWriter {
  readonly memory = new SharedArrayBuffer(CONTROL_BYTES + PIECE_BYTES);
  readonly #control = new Int32Array(this.memory, 0, CONTROL_BYTES / 4);
  readonly #bytes = new Uint8Array(this.memory, CONTROL_BYTES);
  #resume: () => void = () => {};

  /** Resolves when the last part of the piece is in the shared memory. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const part = bytes.subarray(at, at + PIECE_BYTES);
      await this.#emptied();
      this.#bytes.set(part);
      this.#control[LENGTH] = part.length;
      this.#setState(FULL);
    }
  }

  async end(): Promise<void> {
    await this.#emptied();
    this.#setState(ENDED);
  }

  /** The Worker has taken the piece. */
  taken(): void {
    this.#resume();
  }

  /** A batch from the Worker was sent to the host. */
  sent(): void {
    Atomics.add(this.#control, SENT, 1);
    Atomics.notify(this.#control, SENT);
  }

  // Not Atomics.waitAsync: it does not wake the event loop, which sleeps until its next timer.
  async #emptied(): Promise<void> {
    while (Atomics.load(this.#control, STATE) === FULL) {
      await new Promise<void>((resolve) => this.#resume = resolve);
    }
  }

  #setState(state: number): void {
    Atomics.store(this.#control, STATE, state);
    Atomics.notify(this.#control, STATE);
  }
}

/** The side of the Worker. */
export class InputReader {
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #onTaken: () => void;
  #at = 0;

  /** @param onTaken makes the other thread call {@link InputWriter.taken} */
  constructor(memory: SharedArrayBuffer, onTaken: () => void) {
    this.#onTaken = onTaken;
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.#bytes = new Uint8Array(memory, CONTROL_BYTES);
  }

  /** Waits for input. @returns up to `size` bytes; none at the end */
  read(size: number): Uint8Array {
    Atomics.wait(this.#control, STATE, EMPTY);
    const state = Atomics.load(this.#control, STATE);
    if (state === ENDED || size === 0) return new Uint8Array(0);
    const length = this.#control[LENGTH]!;
    const part = this.#bytes.slice(this.#at, Math.min(this.#at + size, length));
    this.#at += part.length;
    if (this.#at === length) {
      this.#at = 0;
      Atomics.store(this.#control, STATE, EMPTY);
      this.#onTaken();
    }
    return part;
  }

  /** Waits until at least `count` batches were sent. */
  waitSent(count: number): void {
    for (let sent; (sent = Atomics.load(this.#control, SENT)) < count;) {
      Atomics.wait(this.#control, SENT, sent);
    }
  }
}
