import type { CommandIo } from "./io.ts";

/** Milliseconds after which a step is shown; most end before. */
const SLOW_MS = 300;

/**
 * Shows on standard error what a command is doing if that takes a while: on a terminal in a line that
 * disappears, otherwise a line for each slow step.
 *
 * @example
 * ```ts ignore
 * const steps = new Steps(io, flags);
 * const module = await steps.run("checking the module", () => buildModule(dir));
 * ```
 */
export class Steps {
  readonly #stderr: CommandIo["stderr"];
  readonly #isSilent: boolean;

  constructor({ stderr }: Pick<CommandIo, "stderr">, flags: { quiet?: boolean; json?: boolean }) {
    this.#stderr = stderr;
    this.#isSilent = flags.quiet === true || flags.json === true;
  }

  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#isSilent) return await work();
    const { isTerminal } = this.#stderr;
    let isShown = false;
    const timer = setTimeout(() => {
      isShown = true;
      this.#stderr.write(isTerminal ? `${what} …` : `${what}\n`);
    }, SLOW_MS);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      if (isShown && isTerminal) this.#stderr.write("\r\u001b[K");
    }
  }
}
