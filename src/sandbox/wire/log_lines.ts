/** Cuts what a program writes to standard error into lines for the log, as they become complete. */
export class LogLines {
  readonly #log: (line: string) => void;
  readonly #maxChars: number;
  readonly #decoder = new TextDecoder();
  #held = "";

  /** @param maxChars of a line; more of it is dropped */
  constructor(log: (line: string) => void, maxChars = 2_000) {
    this.#log = log;
    this.#maxChars = maxChars;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#held + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#held = (lines.pop() ?? "").slice(0, this.#maxChars);
    for (const line of lines) this.#tell(line);
  }

  end(): void {
    this.#tell(this.#held);
    this.#held = "";
  }

  #tell(line: string): void {
    const text = line.trimEnd().slice(0, this.#maxChars);
    if (text !== "") this.#log(text);
  }
}
