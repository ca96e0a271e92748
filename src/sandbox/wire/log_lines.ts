/** Splits a program's standard error into log lines, each passed on as soon as it is complete. */
export class LogLines {
  readonly #log: (line: string) => void;
  readonly #maxChars: number;
  readonly #decoder = new TextDecoder();
  #held = "";

  /** @param maxChars maximum length of a line; the rest is dropped */
  constructor(log: (line: string) => void, maxChars = 2_000) {
    this.#log = log;
    this.#maxChars = maxChars;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#held + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#held = (lines.pop() ?? "").slice(0, this.#maxChars);
    for (const line of lines) this.#write(line);
  }

  end(): void {
    this.#write(this.#held);
    this.#held = "";
  }

  #write(line: string): void {
    const text = line.trimEnd().slice(0, this.#maxChars);
    if (text !== "") this.#log(text);
  }
}
