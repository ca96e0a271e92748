import { orNull } from "../../data/durable.ts";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";

const TOLERANCE_MS = 2_000;
const HINT = "Set the clock and keep it synchronized with systemd-timesyncd or chrony.";

/** Ids, retention and logs need a clock that is not behind the files that were already written. */
export async function checkClock({ layout, now }: CheckContext): Promise<Finding[]> {
  for (const path of [layout.ledger, layout.receipts, layout.users]) {
    const written = (await orNull(Deno.stat(path)))?.mtime?.getTime() ?? 0;
    if (written > now + TOLERANCE_MS) {
      const seconds = Math.round((written - now) / 1000);
      return [failed("clock", `it is ${seconds} s behind the last change of ${path}`, HINT)];
    }
  }
  const shown = new Date(now).toISOString();
  const synchronized = await isSynchronized();
  if (synchronized === false) return [warning("clock", `${shown}, not synchronized`, HINT)];
  return [ok("clock", synchronized ? `${shown}, synchronized` : shown)];
}

/** Whether systemd reports a synchronized clock; null without systemd. */
async function isSynchronized(): Promise<boolean | null> {
  try {
    const { success, stdout } = await new Deno.Command("timedatectl", {
      args: ["show", "--property=NTPSynchronized", "--value"],
      stderr: "null",
    }).output();
    const text = new TextDecoder().decode(stdout).trim();
    return success && text !== "" ? text === "yes" : null;
  } catch {
    return null;
  }
}
