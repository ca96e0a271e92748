/**
 * The layers that a sandbox's process sets on itself, with nothing installed: Landlock, a system call
 * filter and a limit on its memory. They need Linux and glibc; untrusted code can lift none of them.
 *
 * @module
 */
import { denyByLandlock, landlockAbi } from "./landlock.ts";
import { type Libc, openLibc } from "./libc.ts";
import { denyBySeccomp } from "./seccomp.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const RLIMIT_DATA = 2;

/** Sets the layers in two steps, because the process's Worker starts between them. */
export class KernelLayers {
  readonly #libc: Libc | null;
  readonly #set: string[] = [];

  private constructor(libc: Libc | null) {
    this.#libc = libc;
  }

  /** When the program runs from source, it opens files all the time, and there are no layers. */
  static open(): KernelLayers {
    const { os, standalone } = Deno.build;
    return new KernelLayers(os === "linux" && standalone ? libcOrNull() : null);
  }

  /** Takes away files and TCP from this thread and all that start later. */
  beforeWorker(): void {
    if (this.#libc === null) return;
    const { prctl } = this.#libc.symbols;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) return;
    const abi = landlockAbi(this.#libc);
    if (abi > 0 && denyByLandlock(this.#libc, abi)) this.#set.push(`Landlock (ABI ${abi})`);
  }

  /**
   * Limits the memory, takes away all system calls that a started process does not need from all
   * threads, and FFI with them. The process cannot open anything after it.
   *
   * @param dataBytes the limit on its writable private memory; null for none
   * @returns the layers that are set, for people
   */
  afterWorker(dataBytes: number | null): string[] {
    if (this.#libc !== null) {
      // In this order: the filter refuses changes to limits.
      const isLimited = dataBytes !== null && this.#limitData(dataBytes);
      if (denyBySeccomp(this.#libc)) this.#set.push("seccomp");
      if (isLimited) this.#set.push("RLIMIT_DATA");
      this.#libc.close();
    }
    return this.#set;
  }

  #limitData(bytes: number): boolean {
    const limit = new BigUint64Array([BigInt(bytes), BigInt(bytes)]);
    return this.#libc?.symbols.setrlimit(RLIMIT_DATA, limit) === 0;
  }
}

function libcOrNull(): Libc | null {
  try {
    return openLibc();
  } catch {
    // Another C library: the layers are missing, which the host finds out.
    return null;
  }
}
