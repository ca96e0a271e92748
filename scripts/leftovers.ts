/** The environment variable that a test run sets; every process that its tests start inherits it. */
export const TEST_RUN = "TEST_RUN_ID";

const GRACE_MS = 20_000;
const POLL_MS = 100;

/**
 * Ends every process that belongs to a test run, other than this one: with SIGTERM, and after 20
 * seconds with SIGKILL. Linux only; elsewhere it finds nothing.
 *
 * @returns how many processes it ended
 */
export async function endLeftovers(run: string): Promise<number> {
  const found = processesOf(run);
  const end = performance.now() + GRACE_MS;
  for (const pid of found) kill(pid, "SIGTERM");
  for (let left = found; left.length > 0; left = processesOf(run)) {
    if (performance.now() > end) { for (const pid of left) kill(pid, "SIGKILL"); }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return found.length;
}

function processesOf(run: string): number[] {
  const pids = Deno.build.os === "linux"
    ? [...Deno.readDirSync("/proc")].map(({ name }) => Number(name))
    : [];
  return pids.filter((pid) => pid > 0 && pid !== Deno.pid && belongsTo(pid, run));
}

function belongsTo(pid: number, run: string): boolean {
  try {
    // Empty once the process has ended and only its parent has not noticed.
    const environment = Deno.readTextFileSync(`/proc/${pid}/environ`);
    return environment.split("\0").includes(`${TEST_RUN}=${run}`);
  } catch {
    // It has ended, or belongs to another user.
    return false;
  }
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}
