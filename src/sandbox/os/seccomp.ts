import { SECCOMP_FILTERS } from "../kernel/seccomp_filter.ts";

/**
 * Writes the system call filter to an unnamed file that children of this process can open. The file
 * exists as long as this process.
 *
 * @returns its path; null if this architecture has no filter
 */
export function filterFile(): string | null {
  const filter = SECCOMP_FILTERS[Deno.build.arch]?.always;
  if (filter === undefined) return null;
  const name = Deno.makeTempFileSync({ prefix: "mysimbdp-seccomp-" });
  try {
    Deno.writeFileSync(name, Uint8Array.fromBase64(filter));
    // Never closed: children open it by its descriptor.
    Deno.openSync(name, { read: true });
    return pathOfOpenFile(name);
  } finally {
    Deno.removeSync(name);
  }
}

function pathOfOpenFile(name: string): string | null {
  const folder = `/proc/${Deno.pid}/fd`;
  const real = Deno.realPathSync(name);
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (linkTarget(path) === real) return path;
  }
  return null;
}

function linkTarget(path: string): string | null {
  try {
    return Deno.readLinkSync(path);
  } catch {
    // This was the descriptor of the listing itself.
    return null;
  }
}
