import { Failure } from "../../base/failure.ts";
import { cpuSecondsOf, type Exceeded, type ProcessLimits } from "./limits.ts";

/** A shell's and bubblewrap's way to tell of a signal: 128 and its number. */
const SIGNALLED = 128;

/** The limits of a module that is only built are ours: nothing in tenant.json would raise them. */
const WHILE_BUILT =
  "That was while it was built: make its sources smaller and simpler, and do no " +
  "work outside of `row`.";

/**
 * Why a sandbox was ended that had passed a limit.
 * @param withFile whether a file was being read, so that the limits are those of tenant.json
 */
export function exceededFailure(
  what: Exceeded,
  limits: ProcessLimits,
  withFile = true,
): Failure {
  const hint = (text: string) => withFile ? text : WHILE_BUILT;
  switch (what) {
    case "memory":
      return refused(
        "sandbox-memory",
        `it used more than ${Math.round(limits.memoryBytes / 1024 / 1024)} MB`,
        hint('Keep less in memory, or raise "memoryMb" in tenant.json.'),
      );
    case "time":
      return refused(
        "sandbox-time",
        `it took longer than ${limits.seconds} seconds`,
        hint('Do less for each record, or raise "secondsPerFile" in tenant.json.'),
      );
    case "cpu":
      return refused(
        "sandbox-cpu",
        `it used more than ${cpuSecondsOf(limits)} seconds of CPU time`,
        hint('Do less for each record, or raise "secondsPerFile" in tenant.json.'),
      );
    case "threads":
      return refused("sandbox-threads", "it started too many threads");
  }
}

/** Why a sandbox ended by itself without a last word. */
export function silentFailure({ code, signal }: Deno.CommandStatus, stderr: string): Failure {
  const number = code > SIGNALLED ? code - SIGNALLED : null;
  const how = signal
    ? `was ended by ${signal}`
    : number !== null
    ? `was ended by signal ${number}`
    : `ended with code ${code}`;
  return refused("sandbox-exit", `its process ${how} before it was done`, undefined, stderr);
}

/** A sandbox that told more than it may. */
export function tooTalkative(): Failure {
  return refused("sandbox-output", "it wrote more to its console than it may");
}

function refused(code: string, what: string, hint?: string, cause?: string): Failure {
  return new Failure("refused", code, `Cannot run the module: ${what}`, { hint, cause });
}
