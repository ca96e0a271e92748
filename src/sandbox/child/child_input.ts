import { Failure } from "../../base/failure.ts";
import { FRAME, type Frame } from "../wire/frames.ts";

/**
 * What comes from the host while a file runs: pieces of the file wait for their turn, answers do not,
 * because a module that waits for one takes no pieces.
 */
export class ChildInput {
  readonly #pieces: Uint8Array[] = [];
  #ended = false;
  #broken: unknown = null;
  #wake: (() => void) | null = null;

  /** @param onAnswer takes an answer's JSON */
  constructor(frames: AsyncIterable<Frame>, onAnswer: (json: string) => void) {
    this.#listen(frames, onAnswer).catch((error) => this.#broken = error)
      .finally(() => this.#wake?.());
  }

  /**
   * The bytes of the file.
   * @param taken called for each piece, so that the host sends the next
   */
  async *pieces(taken: () => void): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) {
        taken();
        yield piece;
      } else if (this.#ended) return;
      else if (this.#broken) throw this.#broken;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async #listen(frames: AsyncIterable<Frame>, onAnswer: (json: string) => void): Promise<void> {
    for await (const { kind, payload } of frames) {
      if (kind === FRAME.answer) onAnswer(new TextDecoder().decode(payload));
      else if (kind === FRAME.end) this.#ended = true;
      else if (kind === FRAME.fail) {
        const { message } = JSON.parse(new TextDecoder().decode(payload));
        throw new Failure("internal", "source-failed", message);
      } else this.#pieces.push(payload);
      this.#wake?.();
    }
    // The host closes the channel only when it needs us no more.
    if (!this.#ended) {
      throw new Failure("internal", "host-gone", "Cannot go on: the host closed the channel");
    }
  }
}
