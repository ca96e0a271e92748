import { Command, type ErrorOptions, type ParseOptionsResult } from "commander";
import { Failure } from "../base/failure.ts";
import { nearest } from "./help/nearest.ts";

/**
 * A command of the program. Mistakes in how it is called are {@link Failure}s of kind `usage` with a
 * hint, and a flag is never taken for the value of another one: `--data --help` makes no folder
 * named `--help`.
 */
export class ProgramCommand extends Command {
  override createCommand(name?: string): ProgramCommand {
    return new ProgramCommand(name);
  }

  override parseOptions(argv: string[]): ParseOptionsResult {
    this.#refuseFlagsAsValues(argv);
    return super.parseOptions(argv);
  }

  override error(message: string, options: ErrorOptions = {}): never {
    if (options.code === "commander.excessArguments") this.#refuseUnknownCommand();
    const [sentence = "", suggestion = ""] = message.replace(/^error: /, "").split("\n");
    const meant = /^\((.*\?)\)$/.exec(suggestion)?.[1];
    throw this.#mistake(`Cannot run "${this.#path()}": ${sentence.replace(/\.$/, "")}`, meant);
  }

  /** `--data --help` and `-u -v`; `--data=--help` says that it is meant. */
  #refuseFlagsAsValues(argv: string[]): void {
    for (let at = 0; at < argv.length && argv[at] !== "--"; at++) {
      const flag = argv[at] ?? "";
      const option = this.options.find(({ short, long }) => flag === short || flag === long);
      if (!option?.required) continue;
      const value = argv[++at];
      if (value === undefined || !/^-(-|[A-Za-z])/.test(value)) continue;
      const joined = `${option.long ?? option.short}=${value}`;
      throw this.#mistake(
        `Cannot take "${value}" as the value of ${flag}: it looks like a flag`,
        `If it is meant as a value, write ${joined}`,
      );
    }
  }

  /** A mistyped command of a group that has a default one reaches the default as an argument. */
  #refuseUnknownCommand(): void {
    const group = this.parent as ProgramCommand | null;
    const [given = ""] = this.args;
    if (!group || group.args[0] === this.name() || this.registeredArguments.length > 0) return;
    const path = group.#path();
    const names = group.commands.map((command) => command.name());
    if (names.includes(given)) {
      throw group.#mistake(
        `Cannot run "${path}": flags stand before the command ${given}`,
        `Put them behind it: ${path} ${given} …`,
      );
    }
    const similar = nearest(given, names);
    throw group.#mistake(
      `Cannot run "${path} ${given}": there is no such command`,
      similar ? `Did you mean ${similar}?` : undefined,
    );
  }

  #mistake(message: string, hint?: string): Failure {
    const help = `${this.#path()} --help shows how it is used`;
    return new Failure("usage", "usage", message, { hint: hint ? `${hint} (${help})` : help });
  }

  /** The words that lead to this command, such as `mysimbdp manage tenant`. */
  #path(): string {
    const above = this.parent as ProgramCommand | null;
    return above ? `${above.#path()} ${this.name()}` : this.name();
  }
}
