import { dirname } from "node:path";

/** What a program can see of the machine. */
interface View {
  /** The program's absolute path, which is the same inside. */
  program: string;
  /** Read-only files and folders, by the path under which the program sees them. */
  readOnly: Readonly<Record<string, string>>;
}

/** The empty folder in which a confined program starts. */
const WORK_FOLDER = "/sandbox";

const DEVICES = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

// No real /proc: it would show the machine, and the kernel refuses to mount a new one where parts of
// it are hidden (containers, systemd units). Programs mostly read it to find their own path.
const OWN_PATH = "/proc/self/exe";

/**
 * The arguments of `bwrap` before the program's own: new namespaces of every kind, no capabilities,
 * an empty environment, and a read-only root that contains nothing but the view.
 *
 * @param seccompFd a descriptor of a compiled filter; null for no filter
 */
export function bubblewrapArguments(view: View, seccompFd: number | null): string[] {
  const seen = { ...view.readOnly, [view.program]: view.program };
  return [
    ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"],
    ["--unshare-cgroup-try", "--uid", "65534", "--gid", "65534"],
    ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"],
    ...shallowFirst(seen).map(([inside, host]) => ["--ro-bind", host, inside]),
    ...DEVICES.map((path) => ["--dev-bind", path, path]),
    ["--symlink", view.program, OWN_PATH],
    ["--dir", WORK_FOLDER, "--chdir", WORK_FOLDER],
    ["--remount-ro", "/"],
    seccompFd === null ? [] : ["--seccomp", String(seccompFd)],
    ["--", view.program],
  ].flat();
}

/** Folders are mounted before what lies in them, which they would hide otherwise. */
function shallowFirst(seen: Readonly<Record<string, string>>): [string, string][] {
  const depth = (path: string): number => path === "/" ? 0 : 1 + depth(dirname(path));
  return Object.entries(seen).sort(([a], [b]) => depth(a) - depth(b));
}
