const MARK = "mysimbdp-sandbox";

/**
 * The name that the processes of sandboxes get: it says which process started them, so that those of a
 * host that was killed can be found.
 */
export function hostMark(pid: number = Deno.pid): string {
  return `${MARK}-${pidNamespace()}-${pid}`;
}

/**
 * The process that started a sandbox.
 * @param commandLine the content of its `/proc/PID/cmdline`
 * @returns null if it is no sandbox, or one of a container whose processes cannot be seen from here
 */
export function hostOf(commandLine: string): number | null {
  const [name = ""] = commandLine.split("\0");
  const prefix = `${MARK}-${pidNamespace()}-`;
  return name.startsWith(prefix) ? Number(name.slice(prefix.length)) : null;
}

/** Identifies the PID namespace of this process. */
export function pidNamespace(): string {
  if (Deno.build.os !== "linux") return "0";
  return /\d+/.exec(Deno.readLinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
}
