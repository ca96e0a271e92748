import { SECCOMP_FILTERS } from "./seccomp_filter.ts";

/**
 * Puts the filter of system calls where a child of this process can open it: in a file without a
 * name, which is there for as long as this process is and leaves nothing behind.
 *
 * @returns its path; null where there is no filter for this machine
 */
export function filterFile(): string | null {
  const filter = SECCOMP_FILTERS[Deno.build.arch];
  if (filter === undefined) return null;
  const name = Deno.makeTempFileSync({ prefix: "mysimbdp-seccomp-" });
  try {
    Deno.writeFileSync(name, Uint8Array.fromBase64(filter));
    // Never closed: children open it by its number.
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
    // It was the descriptor of the listing itself.
    return null;
  }
}
