import { Failure } from "../../base/failure.ts";

/** A program did not exit with code 0. */
export function badExit(how: string): Failure {
  return new Failure("refused", "program-exit", `Cannot use the program's output: it ${how}`, {
    hint: "See the module's log for what it wrote to standard error.",
  });
}
