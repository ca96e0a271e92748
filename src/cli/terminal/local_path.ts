/** The customer's machine, as far as it decides what a path means. */
interface Machine {
  windows: boolean;
  /** The user's own folder, where the system says which it is. */
  home: string | undefined;
}

/**
 * Takes a path as people write it on Linux, macOS and Windows:
 *
 * - `~/data` also where no shell has replaced the tilde: behind `--dir=`, in a variable, on Windows;
 * - `"C:\data\"`: Windows takes the backslash for an escaped quote and hands over `C:\data"`.
 *
 * @example
 * ```ts
 * import { localPath } from "./local_path.ts";
 * localPath("~/data", { windows: false, home: "/home/eve" }); // "/home/eve/data"
 * localPath('C:\\data"', { windows: true, home: undefined }); // "C:\\data\\"
 * ```
 */
export function localPath(given: string, { windows, home }: Machine): string {
  // A Windows path cannot hold a quote, so it can only come from that mistake.
  const path = windows && given.endsWith('"') ? `${given.slice(0, -1)}\\` : given;
  const isOfHome = path === "~" || path.startsWith("~/") || (windows && path.startsWith("~\\"));
  return isOfHome && home ? home + path.slice(1) : path;
}

/** The machine that the program runs on. */
export function thisMachine(env: (name: string) => string | undefined): Machine {
  const windows = Deno.build.os === "windows";
  return { windows, home: env(windows ? "USERPROFILE" : "HOME") || undefined };
}
