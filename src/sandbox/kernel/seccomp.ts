import type { Libc } from "./libc.ts";
import { SECCOMP_FILTERS } from "./seccomp_filter.ts";

interface Architecture {
  /** Its number in the data that a filter sees. */
  audit: number;
  seccomp: bigint;
  kill: number;
  tgkill: number;
}

const ARCHITECTURES: Partial<Record<typeof Deno.build.arch, Architecture>> = {
  x86_64: { audit: 0xc000003e, seccomp: 317n, kill: 62, tgkill: 234 },
  aarch64: { audit: 0xc00000b7, seccomp: 277n, kill: 129, tgkill: 131 },
};
/** The first system call that is newer than the list of the generated filter; the same on both. */
const FIRST_UNKNOWN = 457;

const SET_MODE_FILTER = 1;
const ALL_THREADS = 1;
const INSTRUCTION_BYTES = 8;

/**
 * Refuses, in all threads of this process and for good, the system calls that a sandbox does not need
 * once its Worker has started: those with a path, sockets, programs, limits, other processes.
 *
 * @returns whether the kernel did it
 */
export function denyBySeccomp(libc: Libc): boolean {
  const architecture = ARCHITECTURES[Deno.build.arch];
  const filter = SECCOMP_FILTERS[Deno.build.arch]?.started;
  if (architecture === undefined || filter === undefined) return false;
  const programs = [onlyOwnSignals(architecture, Deno.pid), Uint8Array.fromBase64(filter)];
  return programs.every((program) => install(libc, architecture, program));
}

function install({ symbols }: Libc, { seccomp }: Architecture, program: Uint8Array<ArrayBuffer>) {
  // struct sock_fprog: the number of instructions, and after the padding, where they are.
  const description = new DataView(new ArrayBuffer(16));
  description.setUint16(0, program.length / INSTRUCTION_BYTES, true);
  description.setBigUint64(8, Deno.UnsafePointer.value(Deno.UnsafePointer.of(program)), true);
  return Number(symbols.seccomp(seccomp, SET_MODE_FILTER, ALL_THREADS, description.buffer)) === 0;
}

const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
const FIRST_ARGUMENT_AT = 16;
const ALLOW = 0x7fff0000;
const REFUSE = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;

/** Signals go to this process only, and system calls that the generated filter cannot know fail. */
function onlyOwnSignals({ audit, kill, tgkill }: Architecture, pid: number) {
  return assembled([
    [LOAD, 0, 0, ARCHITECTURE_AT],
    [IF_EQUAL, 0, 6, audit],
    [LOAD, 0, 0, NUMBER_AT],
    [IF_AT_LEAST, 6, 0, FIRST_UNKNOWN],
    [IF_EQUAL, 1, 0, kill],
    [IF_EQUAL, 0, 2, tgkill],
    [LOAD, 0, 0, FIRST_ARGUMENT_AT],
    [IF_EQUAL, 0, 1, pid],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, REFUSE | EPERM],
    [RETURN, 0, 0, REFUSE | ENOSYS],
  ]);
}

/** @param instructions each a code, the jumps if true and if false, and a value */
function assembled(
  instructions: [code: number, jt: number, jf: number, value: number][],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    view.setUint16(i * INSTRUCTION_BYTES, code, true);
    view.setUint8(i * INSTRUCTION_BYTES + 2, ifTrue);
    view.setUint8(i * INSTRUCTION_BYTES + 3, ifFalse);
    view.setUint32(i * INSTRUCTION_BYTES + 4, value, true);
  }
  return bytes;
}
