import { readFileSync } from "node:fs";

/** Where the control group (cgroup v2) of this process is. */
interface OwnCgroup {
  /** The folder in which all groups are mounted. */
  mount: string;
  /** The path below it: `/system.slice/mysimbdp-manage.service`. */
  path: string;
}

/** The control group of this process; null where cgroup v2 is not mounted. */
export function ownCgroup(): OwnCgroup | null {
  const mount = read("/proc/self/mountinfo").split("\n")
    .map((line) => line.split(" - "))
    .find(([, type = ""]) => type.startsWith("cgroup2 "))?.[0]?.split(" ")[4];
  const path = /^0::(.*)$/m.exec(read("/proc/self/cgroup"))?.[1] ?? "/";
  return mount === undefined ? null : { mount, path };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux.
    return "";
  }
}
