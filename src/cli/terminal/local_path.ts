/** What decides how a path is read. */
interface Machine {
  windows: boolean;
  /** The user's home folder, if known. */
  home: string | undefined;
}

/**
 * Corrects a path as users write it on Linux, macOS and Windows:
 *
 * - `~/data` where the shell does not expand it: after `--dir=`, in a variable, on Windows;
 * - `"C:\data\"`: Windows treats the last backslash as an escape and passes `C:\data"`.
 *
 * @example
 * ```ts
 * import { localPath } from "./local_path.ts";
 * localPath("~/data", { windows: false, home: "/home/eve" }); // "/home/eve/data"
 * localPath('C:\\data"', { windows: true, home: undefined }); // "C:\\data\\"
 * ```
 */
export function localPath(given: string, { windows, home }: Machine): string {
  // A Windows path cannot contain a quote, so this one comes from the escape.
  const path = windows && given.endsWith('"') ? `${given.slice(0, -1)}\\` : given;
  const isOfHome = path === "~" || path.startsWith("~/") || (windows && path.startsWith("~\\"));
  return isOfHome && home ? home + path.slice(1) : path;
}

/** Returns the machine that the program runs on. */
export function thisMachine(env: (name: string) => string | undefined): Machine {
  const windows = Deno.build.os === "windows";
  return { windows, home: env(windows ? "USERPROFILE" : "HOME") || undefined };
}
