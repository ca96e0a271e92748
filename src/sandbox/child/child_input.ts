import { Failure } from "../../base/failure.ts";
import { FRAME, type Frame } from "../wire/frames.ts";

/**
 * Receives the host's frames while a file runs. Pieces of the file wait for their turn; responses to
 * the module do not, because a module that waits for one takes no pieces.
 */
export class ChildInput {
  /** null is the end of the file. */
  readonly #pieces: (Uint8Array | null)[] = [];
  #isEnded = false;
  #error: unknown = null;
  #wake: (() => void) | null = null;

  /** @param onResponse receives a response's JSON */
  constructor(frames: AsyncIterable<Frame>, onResponse: (json: string) => void) {
    this.#listen(frames, onResponse).catch((error) => this.#error = error)
      .finally(() => this.#wake?.());
  }

  /**
   * The bytes of the file; they come again where the request says so.
   * @param taken called for each piece, so that the host sends the next one
   */
  async *pieces(taken: () => void): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) {
        taken();
        yield piece;
      } else if (piece === null) return;
      else if (this.#error) throw this.#error;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async #listen(frames: AsyncIterable<Frame>, onResponse: (json: string) => void): Promise<void> {
    for await (const { kind, payload } of frames) {
      if (kind === FRAME.hostResponse) onResponse(new TextDecoder().decode(payload));
      else if (kind === FRAME.end) {
        this.#pieces.push(null);
        this.#isEnded = true;
      } else if (kind === FRAME.fail) {
        const { message } = JSON.parse(new TextDecoder().decode(payload));
        throw new Failure("internal", "source-failed", message);
      } else this.#pieces.push(payload);
      this.#wake?.();
    }
    if (!this.#isEnded) {
      throw new Failure("internal", "host-gone", "Cannot continue: the host closed the channel");
    }
  }
}
