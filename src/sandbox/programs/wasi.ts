import { Fd, WASI, wasi } from "@bjorn3/browser_wasi_shim";
import { Failure, messageOf } from "../../base/failure.ts";

/** What a WebAssembly program can use. */
interface WasiWorld {
  /** Its arguments; the first is its own name. */
  args: readonly string[];
  /** Up to `size` bytes of standard input; none at its end. */
  read(size: number): Uint8Array;
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** Seed of its random numbers: the same seed gives the same numbers. */
  seed: string;
}

const SYSTEM = "wasi_snapshot_preview1";
const CLOCK_START = 946_684_800_000_000_000n;
/**
 * Nanoseconds by which each reading advances the clock. Small, because a runtime such as Go's, which
 * gives its garbage collector a share of the time, must not see most of it pass by reading the clock.
 */
const CLOCK_STEP = 1_000n;

/**
 * Compiles an untrusted program and checks its imports and exports.
 *
 * @param base64 the program's bytes
 * @throws {Failure} `wasm-invalid`
 */
export function compileWasi(base64: string): WebAssembly.Module {
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(Uint8Array.fromBase64(base64));
  } catch (error) {
    throw invalid(messageOf(error).slice(0, 300));
  }
  const foreign = WebAssembly.Module.imports(module).find((one) => one.module !== SYSTEM);
  if (foreign) {
    const name = `${foreign.module}.${foreign.name}`.slice(0, 100);
    throw invalid(`it imports "${name}", but only ${SYSTEM} is available`);
  }
  const exports = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  for (const name of ["_start", "memory"]) {
    if (!exports.has(name)) {
      throw invalid(`it does not export "${name}": build it as a command, not as a library`);
    }
  }
  return module;
}

/**
 * Runs a program to its end. It has no files, sockets or environment, a clock that counts its own
 * readings, and random numbers from the seed: the same input gives the same output.
 *
 * @returns its exit code
 * @throws {Failure} `program-crashed`, and whatever the streams throw
 */
export function runWasi(module: WebAssembly.Module, world: WasiWorld): number {
  const system = new WASI([], [], [
    new Input(world.read),
    new Output(world.stdout),
    new Output(world.stderr),
  ], { debug: false });
  let instance: WebAssembly.Instance | null = null;
  const memory = () => (instance!.exports["memory"] as WebAssembly.Memory).buffer as ArrayBuffer;
  const imports = {
    ...system.wasiImport,
    ...argumentCalls(world.args, memory),
    ...repeatableCalls(world.seed, memory),
  };
  try {
    instance = new WebAssembly.Instance(module, { [SYSTEM]: imports });
    return system.start(instance as never);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const text = `Cannot run the program: ${messageOf(error).slice(0, 300)}`;
    throw new Failure("refused", "program-crashed", text, {
      hint: "See the module's log for what it wrote to standard error.",
    });
  }
}

/** Replaces the library's calls, which count an argument's characters instead of its bytes. */
function argumentCalls(args: readonly string[], memory: () => ArrayBuffer) {
  const encoded = args.map((arg) => new TextEncoder().encode(`${arg}\0`));
  const size = encoded.reduce((sum, { length }) => sum + length, 0);
  return {
    args_sizes_get(countAt: number, sizeAt: number): number {
      const view = new DataView(memory());
      view.setUint32(countAt, encoded.length, true);
      view.setUint32(sizeAt, size, true);
      return wasi.ERRNO_SUCCESS;
    },
    args_get(pointersAt: number, bytesAt: number): number {
      const view = new DataView(memory());
      const bytes = new Uint8Array(memory());
      for (const [i, arg] of encoded.entries()) {
        view.setUint32(pointersAt + 4 * i, bytesAt, true);
        bytes.set(arg, bytesAt);
        bytesAt += arg.length;
      }
      return wasi.ERRNO_SUCCESS;
    },
  };
}

function repeatableCalls(seed: string, memory: () => ArrayBuffer) {
  let now = CLOCK_START;
  const random = numbers(seed);
  return {
    clock_time_get(_id: number, _precision: bigint, at: number): number {
      now += CLOCK_STEP;
      new DataView(memory()).setBigUint64(at, now, true);
      return wasi.ERRNO_SUCCESS;
    },
    random_get(at: number, length: number): number {
      const bytes = new Uint8Array(memory(), at, length);
      for (let i = 0; i < length; i++) bytes[i] = random();
      return wasi.ERRNO_SUCCESS;
    },
  };
}

/** Pseudo-random bytes (xorshift) from the first 32 bits of a hexadecimal seed. */
function numbers(seed: string): () => number {
  let state = parseInt(seed.slice(0, 8), 16) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  };
}

class Stream extends Fd {
  readonly #rights: number;

  constructor(rights: number) {
    super();
    this.#rights = rights;
  }

  override fd_fdstat_get() {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, 0);
    fdstat.fs_rights_base = BigInt(this.#rights);
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }

  override fd_filestat_get() {
    const filestat = new wasi.Filestat(0n, wasi.FILETYPE_CHARACTER_DEVICE, 0n);
    return { ret: wasi.ERRNO_SUCCESS, filestat };
  }
}

class Input extends Stream {
  readonly #read: (size: number) => Uint8Array;

  constructor(read: (size: number) => Uint8Array) {
    super(wasi.RIGHTS_FD_READ);
    this.#read = read;
  }

  override fd_read(size: number) {
    return { ret: wasi.ERRNO_SUCCESS, data: this.#read(size) };
  }
}

class Output extends Stream {
  readonly #write: (bytes: Uint8Array) => void;

  constructor(write: (bytes: Uint8Array) => void) {
    super(wasi.RIGHTS_FD_WRITE);
    this.#write = write;
  }

  override fd_write(bytes: Uint8Array) {
    this.#write(bytes);
    return { ret: wasi.ERRNO_SUCCESS, nwritten: bytes.length };
  }
}

function invalid(state: string): Failure {
  return new Failure("refused", "wasm-invalid", `Cannot use the WebAssembly module: ${state}`, {
    hint: "Build it for WASI preview 1, for example with GOOS=wasip1 GOARCH=wasm.",
  });
}
