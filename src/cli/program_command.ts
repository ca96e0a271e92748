import { Command, type ErrorOptions, type ParseOptionsResult } from "commander";
import { Failure } from "../base/failure.ts";
import { nearest } from "../base/nearest.ts";

/**
 * A command of the program. A usage error is a {@link Failure} of kind `usage` with a hint, and a flag
 * is never used as the value of another one: `--data --help` does not create a folder `--help`.
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
    throw this.#usageError(`Cannot run "${this.#path()}": ${sentence.replace(/\.$/, "")}`, meant);
  }

  /** Refuses `--data --help` and `-u -v`; `--data=--help` is allowed. */
  #refuseFlagsAsValues(argv: string[]): void {
    for (let at = 0; at < argv.length && argv[at] !== "--"; at++) {
      const flag = argv[at] ?? "";
      const option = this.options.find(({ short, long }) => flag === short || flag === long);
      if (!option?.required) continue;
      const value = argv[++at];
      if (value === undefined || !/^-(-|[A-Za-z])/.test(value)) continue;
      const joined = `${option.long ?? option.short}=${value}`;
      throw this.#usageError(
        `Cannot use "${value}" as the value of ${flag}: it looks like a flag`,
        `To use it as a value, write ${joined}.`,
      );
    }
  }

  /** In a group with a default command, a mistyped command is an argument of the default. */
  #refuseUnknownCommand(): void {
    const group = this.parent as ProgramCommand | null;
    const [given = ""] = this.args;
    if (!group || group.args[0] === this.name() || this.registeredArguments.length > 0) return;
    const path = group.#path();
    const names = group.commands.map((command) => command.name());
    if (names.includes(given)) {
      throw group.#usageError(
        `Cannot run "${path}": flags must follow the command ${given}`,
        `Use ${path} ${given} [flags].`,
      );
    }
    const similar = nearest(given, names);
    throw group.#usageError(
      `Cannot run "${path} ${given}": unknown command`,
      similar ? `Did you mean ${similar}?` : undefined,
    );
  }

  #usageError(message: string, hint?: string): Failure {
    const help = `Run ${this.#path()} --help for usage.`;
    return new Failure("usage", "usage", message, { hint: hint ? `${hint} ${help}` : help });
  }

  /** The words that lead to this command, such as `mysimbdp manage tenant`. */
  #path(): string {
    const above = this.parent as ProgramCommand | null;
    return above ? `${above.#path()} ${this.name()}` : this.name();
  }
}
