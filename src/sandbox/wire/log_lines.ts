/** Splits a program's standard error into log lines, each passed on as soon as it is complete. */
export class LogLines {
  readonly #log: (line: string) => void;
  readonly #maxChars: number;
  readonly #decoder = new TextDecoder();
  #unfinished = "";

  /** @param maxChars maximum length of a line; the rest is dropped */
  constructor(log: (line: string) => void, maxChars = 2_000) {
    this.#log = log;
    this.#maxChars = maxChars;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#unfinished + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#unfinished = (lines.pop() ?? "").slice(0, this.#maxChars);
    for (const line of lines) this.#write(line);
  }

  end(): void {
    this.#write(this.#unfinished);
    this.#unfinished = "";
  }

  #write(line: string): void {
    const text = line.trimEnd().slice(0, this.#maxChars);
    if (text !== "") this.#log(text);
  }
}
