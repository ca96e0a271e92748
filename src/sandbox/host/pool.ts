import { Sandbox } from "./supervisor.ts";

/**
 * Keeps one sandbox started ahead of need: a process takes longer to start than a small file to load.
 * A sandbox is never used twice.
 */
export class SandboxPool {
  #spare: Sandbox | null = null;
  readonly #keepSpare: boolean;

  /** @param keepSpare false: every sandbox is started when it is asked for */
  constructor(keepSpare: boolean) {
    this.#keepSpare = keepSpare;
  }

  /** A sandbox that has served nobody. */
  take(): Sandbox {
    const sandbox = this.#spare ?? Sandbox.spawn();
    this.#spare = null;
    return sandbox;
  }

  /** Starts the next spare; call it when there is a moment. */
  refill(): void {
    if (this.#keepSpare) this.warm();
  }

  /** Starts the one that a file is about to {@link take}: it gets ready during what comes before. */
  warm(): void {
    this.#spare ??= Sandbox.spawn();
  }

  async close(): Promise<void> {
    await this.#spare?.close();
    this.#spare = null;
  }
}
