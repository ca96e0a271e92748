const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** The instruction "return this number" of a classic BPF program. */
const BPF_RETURN = 0x06;

/**
 * Has the kernel give each new connection of a shared port to one of its listeners. Without it the
 * kernel spreads them, and those that a listener has not accepted when it closes are lost.
 *
 * @param position of the listener among those that share the port
 * @returns whether the kernel does it; only Linux can
 */
export function steerTo(position: number): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    using libc = openLibc();
    const program = new Uint8Array(8);
    const instruction = new DataView(program.buffer);
    instruction.setUint16(0, BPF_RETURN, true);
    instruction.setUint32(4, position, true);
    const attached = new Uint8Array(16);
    const description = new DataView(attached.buffer);
    description.setUint16(0, 1, true);
    description.setBigUint64(8, Deno.UnsafePointer.value(Deno.UnsafePointer.of(program)), true);
    // Only sockets that share a port take it, and those belong to the server.
    const results = sockets().map((descriptor) =>
      libc.setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, attached)
    );
    return results.includes(0);
  } catch {
    // Another C library, or no permission.
    return false;
  }
}

function openLibc() {
  const library = Deno.dlopen(
    "libc.so.6",
    { setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" } } as const,
  );
  return {
    setsockopt: (
      descriptor: number,
      level: number,
      option: number,
      value: Uint8Array<ArrayBuffer>,
    ) => library.symbols.setsockopt(descriptor, level, option, value, value.length),
    [Symbol.dispose]: () => library.close(),
  };
}

/** The descriptors of this process's sockets. */
function sockets(): number[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith("socket:") ? [Number(name)] : [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}
