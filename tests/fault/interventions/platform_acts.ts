import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { childrenOf } from "../../harness/process.ts";
import { fillDisk, MB } from "../../harness/small_disk.ts";
import type { Done, Draws } from "./done.ts";
import type { Town } from "./town.ts";

const DAY_MS = 86_400_000;

export async function fill(town: Town, { how }: Draws): Promise<Done | null> {
  if (town.disk === null || town.isDiskFull) return null;
  const left = [0, 1, 6, 18][Math.floor(how * 4)] ?? 0;
  const free = await fillDisk(town.platform.dir, left * MB);
  town.isDiskFull = true;
  const undo = async () => {
    await free();
    town.isDiskFull = false;
  };
  return { what: `filled the disk but for ${left} MB`, undo };
}

export function killSandbox({ manage }: Town, { which }: Draws): Promise<Done | null> {
  const children = manage.pid === null ? [] : childrenOf(manage.pid);
  const child = children[Math.floor(which * children.length)];
  if (child === undefined) return Promise.resolve(null);
  try {
    Deno.kill(child, "SIGKILL");
  } catch {
    return Promise.resolve(null);
  }
  return Promise.resolve({ what: "SIGKILL to a sandbox" });
}

export function killCustomer({ customers }: Town, { which }: Draws): Promise<Done> {
  const customer = customers[Math.floor(which * (customers.length - 1))];
  customer?.kill();
  return Promise.resolve({ what: `SIGKILL to the program of ${customer?.tenant}` });
}

/** Makes a backup; the next time it is restored. */
export function backUpOrRestore(town: Town): Promise<Done> {
  const { backup } = town;
  return backup === null ? backUp(town) : restore(town, backup);
}

async function backUp(town: Town): Promise<Done> {
  const dir = await town.nextBackup();
  const begunAt = performance.now();
  const { code, stderr } = await town.platform.run("manage", "backup", dir);
  if (code !== 0) return { what: `could not back up: ${stderr.split("\n")[0]}` };
  town.backup = { dir, begunAt };
  return { what: "made a backup" };
}

async function restore(town: Town, backup: { dir: string; begunAt: number }): Promise<Done> {
  const { data } = town.platform;
  const old = `${data}-old`;
  town.backup = null;
  await town.down();
  await Deno.rename(data, old);
  const { code, stderr } = await town.platform.run("manage", "restore", backup.dir);
  if (code === 0) {
    await Deno.remove(old, { recursive: true });
    town.contents.forgetSince(backup.begunAt);
  } else await Deno.rename(old, data);
  await town.up();
  await Deno.remove(dirname(backup.dir), { recursive: true });
  return {
    what: code === 0 ? "restored the backup" : `could not restore: ${stderr.split("\n")[0]}`,
  };
}

/** Leaves times as a clock that was moved would have left them. */
export async function moveClock(town: Town, { how }: Draws): Promise<Done | null> {
  // The times could not be written.
  if (town.isDiskFull) return null;
  const days = [-30, -1, 1, 30][Math.floor(how * 4)] ?? 1;
  const ms = days * DAY_MS;
  await town.down();
  const { data } = town.platform;
  using ledger = new DatabaseSync(join(data, "db/ledger.sqlite"));
  ledger.exec(
    `UPDATE files SET received_at = received_at + ${ms}, next_try_at = next_try_at + ${ms},
       started_at = started_at + ${ms}
     WHERE state IN ('received', 'queued', 'running')`,
  );
  ledger.close();
  using receipts = new DatabaseSync(join(data, "db/receipts.sqlite"));
  receipts.exec(`UPDATE receipts SET received_at = received_at + ${ms}`);
  receipts.close();
  await town.own(join(data, "db"));
  await town.up();
  return { what: `times in the databases moved by ${days} days` };
}
