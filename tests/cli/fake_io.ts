import type { CommandIo } from "../../src/cli/terminal/io.ts";

export interface FakeIoOptions {
  env?: Record<string, string>;
  /** Standard input, one element per read. */
  input?: (string | Uint8Array)[];
  terminal?: boolean;
  columns?: number;
}

/** In-memory streams, environment and signals. */
export class FakeIo implements CommandIo {
  out = "";
  err = "";
  raw = false;
  stop: () => void = () => {};
  readonly #options: FakeIoOptions;
  readonly #input: Uint8Array[];
  /** How often raw mode was enabled. */
  rawModes = 0;

  constructor(options: FakeIoOptions = {}) {
    this.#options = options;
    const encoder = new TextEncoder();
    this.#input = (options.input ?? []).map((part) =>
      typeof part === "string" ? encoder.encode(part) : part
    );
  }

  readonly stdout = {
    isTerminal: false,
    columns: () => this.#options.columns ?? 80,
    write: (text: string) => void (this.out += text),
  };

  get stderr() {
    return {
      isTerminal: this.#options.terminal ?? false,
      columns: () => this.#options.columns ?? 80,
      write: (text: string) => void (this.err += text),
    };
  }

  get stdin() {
    return {
      isTerminal: this.#options.terminal ?? false,
      setRaw: (raw: boolean) => {
        this.raw = raw;
        if (raw) this.rawModes += 1;
      },
      read: (buffer: Uint8Array) => {
        const part = this.#input.shift();
        if (part) buffer.set(part);
        return Promise.resolve(part ? part.length : null);
      },
    };
  }

  env = (name: string) => this.#options.env?.[name];

  onStop = (callback: () => void) => {
    this.stop = callback;
    return () => void (this.stop = () => {});
  };
}
