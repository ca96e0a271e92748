import { orNull } from "../../data/durable.ts";
import { failed, type Finding, ok, type Patient, warning } from "./finding.ts";

const TOLERANCE_MS = 2_000;
const HINT = "Set the clock, and let it be kept: systemd-timesyncd or chrony.";

/** Ids, retention and log lines follow the clock: it must not stand before what was written. */
export async function checkClock({ layout, now }: Patient): Promise<Finding[]> {
  for (const path of [layout.ledger, layout.receipts, layout.users]) {
    const written = (await orNull(Deno.stat(path)))?.mtime?.getTime() ?? 0;
    if (written > now + TOLERANCE_MS) {
      const seconds = Math.round((written - now) / 1000);
      return [failed("clock", `it stands ${seconds} s before the last change of ${path}`, HINT)];
    }
  }
  const shown = new Date(now).toISOString();
  const synchronized = await isSynchronized();
  if (synchronized === false) return [warning("clock", `${shown}, not synchronized`, HINT)];
  return [ok("clock", synchronized ? `${shown}, synchronized` : shown)];
}

/** What systemd knows of it; null where there is no systemd to ask. */
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
