const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** The instruction "return this number" of a classic BPF program. */
const BPF_RETURN = 0x06;
/** TCP_LISTEN in /proc/net/tcp. */
const LISTEN = "0A";

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
    const results = sockets().map(({ descriptor }) =>
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

/** The number of sockets of this process that listen on a port; null if the system does not show it. */
export function listening(port: number): number | null {
  if (Deno.build.os !== "linux") return null;
  const own = new Set(sockets().map(({ inode }) => inode));
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  // Columns of proc(5): local_address is the second, st the fourth, inode the tenth.
  const listens = (line: string) => {
    const [, address = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
    return address.endsWith(local) && state === LISTEN && own.has(inode);
  };
  const tables = ["tcp", "tcp6"].map(readTable);
  if (tables.every((table) => table === null)) return null;
  return tables.flatMap((table) => table ?? []).filter(listens).length;
}

function readTable(name: string): string[] | null {
  try {
    return Deno.readTextFileSync(`/proc/self/net/${name}`).split("\n");
  } catch {
    // There is no IPv6, or /proc is not mounted.
    return null;
  }
}

/** This process's sockets. */
function sockets(): { descriptor: number; inode: string }[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/self/fd/${name}`)) ?? [];
      return inode === undefined ? [] : [{ descriptor: Number(name), inode }];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}
