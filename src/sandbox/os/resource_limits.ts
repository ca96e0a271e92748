import { existsSync } from "node:fs";

/** A command as the host starts it. */
export interface HostCommand {
  program: string;
  args: string[];
}

/** The kernel's own limits of a process and of all that it starts. */
interface ResourceLimits {
  /** Seconds of CPU time, of all threads together. */
  cpuSeconds: number;
  /** Whether it may write files. Pipes are no files. */
  writesFiles: boolean;
}

const OPEN_FILES = 256;

// Other shells know descriptors of one digit only.
const BASH = "/bin/bash";
const SHELL = existsSync(BASH) ? BASH : "/bin/sh";

/**
 * Closes what the host itself was started with, such as a lock or a pipe of whoever started it: the
 * runtime hands that on, and a program could read or write it by its number.
 */
const CLOSE_INHERITED = "for fd in /proc/$$/fd/*; do fd=${fd##*/}; " +
  (SHELL === BASH
    ? 'case $fd in [012] | *[!0-9]*) ;; *) eval "exec $fd>&-" ;; esac; '
    : 'case $fd in [3-9]) eval "exec $fd>&-" ;; esac; ') +
  "done";

/** Whether a command can be given limits here: there is a POSIX shell. */
export const HAS_RESOURCE_LIMITS = Deno.build.os !== "windows";

/**
 * The same command under limits of the kernel, and without descriptors but its standard ones. No
 * core dump either: it would hold rows.
 *
 * @param openedAs3 a file that the command finds opened as its descriptor 3
 */
export function withResourceLimits(
  { program, args }: HostCommand,
  { cpuSeconds, writesFiles }: ResourceLimits,
  openedAs3: string | null = null,
): HostCommand {
  const limits = [
    "ulimit -c 0",
    `ulimit -n ${OPEN_FILES}`,
    `ulimit -t ${Math.ceil(cpuSeconds)}`,
    ...writesFiles ? [] : ["ulimit -f 0"],
  ].join(" && ");
  // A shell would tell the program where the host is at work, and more of itself.
  const forget = "unset PWD OLDPWD";
  // The program takes the shell's place, so that its process is the one that the host knows.
  const exec = SHELL === BASH ? "exec -c" : "exec";
  const start = openedAs3 === null ? `${exec} "$@"` : `${exec} "$@" 3<"$0"`;
  return {
    program: SHELL,
    args: [
      "-c",
      `${forget}; ${CLOSE_INHERITED}; ${limits} && ${start}`,
      openedAs3 ?? "sh",
      program,
      ...args,
    ],
  };
}
