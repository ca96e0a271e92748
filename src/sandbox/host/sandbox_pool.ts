import { Sandbox } from "./sandbox.ts";

/**
 * Keeps one sandbox started in advance: starting a process takes longer than loading a small file. A
 * sandbox is never used twice.
 */
export class SandboxPool {
  #spare: Sandbox | null = null;
  readonly #keepSpare: boolean;

  /** @param keepSpare false: each sandbox is started when it is taken */
  constructor(keepSpare: boolean) {
    this.#keepSpare = keepSpare;
  }

  /** A sandbox that has not served a request. */
  take(): Sandbox {
    const sandbox = this.#spare ?? Sandbox.spawn();
    this.#spare = null;
    return sandbox;
  }

  /** Starts the next spare; call it when the host is idle. */
  refill(): void {
    if (this.#keepSpare) this.warm();
  }

  /** Starts the sandbox that a file is about to {@link take}, so that it gets ready meanwhile. */
  warm(): void {
    this.#spare ??= Sandbox.spawn();
  }

  async close(): Promise<void> {
    await this.#spare?.close();
    this.#spare = null;
  }
}
