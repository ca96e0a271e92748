import type { z } from "zod";
import { Failure } from "../../base/failure.ts";
import type { FailedReply, SandboxReply, SourceFault } from "../wire/messages.ts";
import { cpuSecondsOf, type Exceeded, type ProcessLimits } from "./limits.ts";

const MAX_MESSAGE_CHARS = 2_000;
/** Shells and bubblewrap report a signal as exit code 128 plus its number. */
const SIGNALLED = 128;

/** The limits on building a module are the platform's: tenant.json does not raise them. */
const WHILE_BUILT = "This happened while the module was built: make its sources smaller and " +
  "simpler, and do no work outside of `row`.";

/** Faults in a module's sources, each with its file and line. */
export class ModuleFault extends Failure {
  readonly faults: SourceFault[];

  constructor(faults: SourceFault[]) {
    const lines = faults.map((f) => `${f.file}:${f.line}:${f.column}: ${f.message}`);
    super("usage", "module-fault", `Cannot deploy the module:\n${lines.join("\n")}`);
    this.faults = faults;
  }
}

/**
 * A sandbox was killed because it exceeded a limit.
 * @param withFile whether a file was being loaded, so that the limits are those of tenant.json
 */
export function exceededFailure(what: Exceeded, limits: ProcessLimits, withFile = true): Failure {
  const hint = (text: string) => withFile ? text : WHILE_BUILT;
  switch (what) {
    case "memory":
      return cannotRun(
        "sandbox-memory",
        `it used more than ${Math.round(limits.memoryBytes / 1024 / 1024)} MB of memory`,
        hint('Keep less in memory, or raise "memoryMb" in tenant.json.'),
      );
    case "time":
      return cannotRun(
        "sandbox-time",
        `it took longer than ${limits.seconds} seconds${from(limits)}`,
        hint('Do less for each record, or raise "secondsPerFile" in tenant.json.'),
      );
    case "cpu":
      return cannotRun(
        "sandbox-cpu",
        `it used more than ${cpuSecondsOf(limits)} seconds of CPU time${from(limits)}`,
        hint('Do less for each record, or raise "secondsPerFile" in tenant.json.'),
      );
    case "threads":
      return cannotRun("sandbox-threads", "it started too many threads");
  }
}

/** Whether the runtime ended a process because the kernel gave it no more memory. */
export function ranOutOfMemory(stderr: string): boolean {
  return /out of memory|allocation failed|memory allocation of \d+ bytes failed/i.test(stderr);
}

/** Where the limit on time comes from. */
function from({ secondsFrom }: ProcessLimits): string {
  return secondsFrom === undefined ? "" : ` (${secondsFrom})`;
}

/** A sandbox ended without a final reply. */
export function silentFailure(status: Deno.CommandStatus, stderr: string): Failure {
  const what = `its process ${exitText(status)} before it was done`;
  return cannotRun("sandbox-exit", what, undefined, stderr);
}

/** A sandbox could not set layers on itself that work on this machine. */
export function layersMissing(names: readonly string[]): Failure {
  const text = `Cannot run the module: its sandbox could not set ${names.join(" and ")} on itself`;
  return new Failure("internal", "sandbox-layers", text, {
    hint: "Restart manage if the kernel or its settings have changed. " +
      "Run mysimbdp manage doctor to see the layers that work.",
  });
}

export function tooMuchOutput(): Failure {
  return cannotRun("sandbox-output", "it wrote too much to its console");
}

/** How a process ended, to follow its name. */
export function exitText({ code, signal }: Deno.CommandStatus): string {
  if (signal !== null) return `was killed by ${signal}`;
  if (code > SIGNALLED) return `was killed by signal ${code - SIGNALLED}`;
  return `exited with code ${code}`;
}

/** The failure that a sandbox replied; `details.read` counts the records before it. */
export function repliedFailure({ code, message, hint, read }: FailedReply): Failure {
  return new Failure("refused", code, message.slice(0, MAX_MESSAGE_CHARS), {
    hint: hint?.slice(0, MAX_MESSAGE_CHARS),
    details: { read: read ?? 0 },
  });
}

/** The error of reading the file, with the count of records that the sandbox had read before it. */
export function sourceFailure(error: unknown, replied: unknown): unknown {
  if (!(error instanceof Failure) || !(replied instanceof Failure)) return error;
  const { kind, code, message, hint, cause } = error;
  return new Failure(kind, code, message, { hint, cause, details: replied.details });
}

export function unexpectedReply({ type }: SandboxReply): Failure {
  return forged(`the reply "${type}"`);
}

/** A sandbox broke the protocol, as only one that was taken over does. */
export function forged(what: string, cause?: unknown): Failure {
  const text = `Cannot trust the sandbox: it sent ${what}`;
  return new Failure("refused", "sandbox-forged", text, { cause });
}

/** Parses JSON from a process that is not trusted. @throws {Failure} `sandbox-forged` */
export function parseMessage<T>(schema: z.ZodType<T>, payload: Uint8Array): T {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch (error) {
    throw forged("a message of an unknown shape", error);
  }
}

function cannotRun(code: string, what: string, hint?: string, cause?: string): Failure {
  return new Failure("refused", code, `Cannot run the module: ${what}`, { hint, cause });
}
