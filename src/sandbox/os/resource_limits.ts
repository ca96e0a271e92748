import { existsSync } from "node:fs";
import { hostMark } from "./host_mark.ts";

/** A command as the host starts it. */
export interface HostCommand {
  program: string;
  args: string[];
}

/** Limits that the kernel enforces on each process of a command. */
export interface KernelLimits {
  /** Seconds of CPU time of all threads together. */
  cpuSeconds: number;
  /**
   * Bytes of address space. V8 reserves terabytes, so that this is only for other programs.
   * @default no limit
   */
  addressSpaceBytes?: number;
}

const OPEN_FILES = 256;

// Shells other than bash only support descriptors of one digit.
const BASH = "/bin/bash";
const SHELL = existsSync(BASH) ? BASH : "/bin/sh";

/**
 * Closes the descriptors that the host inherited, such as a lock or a pipe: the runtime passes them
 * on, and a program could read or write them by number.
 */
const CLOSE_INHERITED = "for fd in /proc/$$/fd/*; do fd=${fd##*/}; " +
  (SHELL === BASH
    ? 'case $fd in [012] | *[!0-9]*) ;; *) eval "exec $fd>&-" ;; esac; '
    : 'case $fd in [3-9]) eval "exec $fd>&-" ;; esac; ') +
  "done";

/** Whether this machine has a POSIX shell, which sets the limits. */
export const HAS_RESOURCE_LIMITS = Deno.build.os !== "windows";

/**
 * The same command under the kernel's limits: CPU time, open files, no written files (pipes are not
 * files), no core dump (it would contain rows), and no descriptors but the standard ones.
 *
 * @param openedAs3 a file that the command finds open as descriptor 3
 */
export function withResourceLimits(
  { program, args }: HostCommand,
  { cpuSeconds, addressSpaceBytes }: KernelLimits,
  openedAs3: string | null = null,
): HostCommand {
  const limits = [
    "ulimit -c 0",
    `ulimit -n ${OPEN_FILES}`,
    `ulimit -t ${Math.ceil(cpuSeconds)}`,
    "ulimit -f 0",
    ...(addressSpaceBytes === undefined
      ? []
      : [`ulimit -v ${Math.ceil(addressSpaceBytes / 1024)}`]),
  ].join(" && ");
  // A shell would pass on the host's folder and more.
  const forget = "unset PWD OLDPWD";
  // The program replaces the shell, so that the host knows its process id.
  const exec = SHELL === BASH ? `exec -c -a ${hostMark()}` : "exec";
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
