/**
 * How a Worker that may not be disturbed waits for its input: memory that it shares with the thread
 * that has the file. One piece lies in it at a time.
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

/** The input's end at the thread that has the file. */
export class InputWriter {
  readonly memory = new SharedArrayBuffer(CONTROL_BYTES + PIECE_BYTES);
  readonly #control = new Int32Array(this.memory, 0, CONTROL_BYTES / 4);
  readonly #bytes = new Uint8Array(this.memory, CONTROL_BYTES);
  #goOn: () => void = () => {};

  /** Resolves when the last part of the piece lies ready. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const part = bytes.subarray(at, at + PIECE_BYTES);
      await this.#emptied();
      this.#bytes.set(part);
      this.#control[LENGTH] = part.length;
      this.#tell(FULL);
    }
  }

  async end(): Promise<void> {
    await this.#emptied();
    this.#tell(ENDED);
  }

  /** The Worker says that it has taken the piece. */
  taken(): void {
    this.#goOn();
  }

  /** A batch that the Worker made has left. */
  sent(): void {
    Atomics.add(this.#control, SENT, 1);
    Atomics.notify(this.#control, SENT);
  }

  // Not Atomics.waitAsync: the event loop does not wake for it, only for its next timer.
  async #emptied(): Promise<void> {
    while (Atomics.load(this.#control, STATE) === FULL) {
      await new Promise<void>((resolve) => this.#goOn = resolve);
    }
  }

  #tell(state: number): void {
    Atomics.store(this.#control, STATE, state);
    Atomics.notify(this.#control, STATE);
  }
}

/** The input's end in the Worker. */
export class InputReader {
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #onTaken: () => void;
  #at = 0;

  /** @param onTaken has the writer's thread call {@link InputWriter.taken} */
  constructor(memory: SharedArrayBuffer, onTaken: () => void) {
    this.#onTaken = onTaken;
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.#bytes = new Uint8Array(memory, CONTROL_BYTES);
  }

  /** Waits for input. @returns at most `size` bytes, none at the end */
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

  /** Waits until at least `count` batches have left. */
  waitSent(count: number): void {
    for (let sent; (sent = Atomics.load(this.#control, SENT)) < count;) {
      Atomics.wait(this.#control, SENT, sent);
    }
  }
}
