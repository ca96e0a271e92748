import { Failure } from "../../base/failure.ts";

/** A program that ended with another exit code than 0. */
export function badExit(how: string): Failure {
  return new Failure("refused", "program-exit", `Cannot use the program's output: it ${how}`, {
    hint: "What it wrote to standard error is in the module's log.",
  });
}
