import { dirname } from "node:path";

/** What a program sees of the machine, as bubblewrap is told it. */
interface View {
  /** The program, an absolute path; it is seen under the same one. */
  program: string;
  /** Files and folders by the path under which the program sees them, read-only. */
  readOnly: Readonly<Record<string, string>>;
}

/** The folder that a confined program starts in: empty, and its own. */
const WORK_FOLDER = "/sandbox";

const DEVICES = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

// No real /proc: it would show the machine, and where parts of it are hidden (containers, units) the
// kernel refuses a new one. What programs ask it for most is where they are themselves.
const OWN_PATH = "/proc/self/exe";

/**
 * The arguments of `bwrap` up to the program's own: new namespaces of every kind, no capabilities, an
 * empty environment, and a root that has nothing but the view, all of it read-only.
 *
 * @param seccompFd a descriptor with a compiled filter; null for none
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

/** A folder is mounted before what lies in it, or it would hide that. */
function shallowFirst(seen: Readonly<Record<string, string>>): [string, string][] {
  const depth = (path: string): number => path === "/" ? 0 : 1 + depth(dirname(path));
  return Object.entries(seen).sort(([a], [b]) => depth(a) - depth(b));
}
