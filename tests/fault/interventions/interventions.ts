import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { childrenOf } from "../../harness/process.ts";
import { fillDisk, MB } from "../../harness/small_disk.ts";
import type { Content } from "./contents.ts";
import { onePath, type Target } from "./targets.ts";
import type { Town } from "./town.ts";

/** What an intervention did. */
export interface Done {
  what: string;
  /** Repairs it, as the operator would. */
  undo?: () => Promise<void>;
}

/** Numbers from 0 to below 1, drawn before: the same seed makes the same choices. */
export interface Draws {
  which: number;
  how: number;
}

/** Something that people or machines do. */
interface Intervention {
  kind: string;
  /** What it is done to. */
  target: string;
  /** How often it is drawn, compared with the others. */
  weight: number;
  /** @returns null if there was nothing to do it to */
  run: (town: Town, draws: Draws) => Promise<Done | null>;
}

/** Does something to one path of a kind. */
function onTarget(
  kind: string,
  target: Target,
  weight: number,
  act: (town: Town, path: string, how: number) => Promise<Done | null>,
): Intervention {
  return {
    kind,
    target,
    weight,
    async run(town, { which, how }) {
      const path = await onePath(town, target, which);
      if (path === null) return null;
      try {
        const done = await act(town, path, how);
        return done && { ...done, what: `${done.what} ${target} ${short(path)}` };
      } catch (error) {
        // It has just been moved.
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      }
    },
  };
}

function short(path: string): string {
  return `${basename(dirname(path))}/${basename(path)}`;
}

async function remove(_town: Town, path: string): Promise<Done> {
  await Deno.remove(path);
  return { what: "deleted" };
}

async function removeCustomers(town: Town, path: string): Promise<Done | null> {
  const content = contentAt(town, path);
  if (content === null) return null;
  await Deno.remove(path);
  content.isWanted = false;
  return { what: "deleted" };
}

/** Writes new, often shorter content into a customer's file, not atomically: the next version. */
async function rewrite(town: Town, path: string): Promise<Done | null> {
  const old = contentAt(town, path);
  // The name of a file that must fail says so.
  if (old === null || old.fails !== null) return null;
  const content = town.nextVersion(old);
  await Deno.truncate(path);
  await Deno.writeFile(path, content.bytes);
  return { what: `wrote ${content.tag} into` };
}

/** What a customer has at a path. */
function contentAt({ customers, contents }: Town, path: string): Content | null {
  const customer = customers.find(({ dir }) => dir === dirname(path));
  return customer ? contents.current(customer.tenant, basename(path)) : null;
}

async function truncate(_town: Town, path: string, how: number): Promise<Done | null> {
  // Nobody can know that a file was whole before it had a record.
  if (path.includes("/staging/by-hand/") && path.endsWith(".csv")) return null;
  const { size } = await Deno.stat(path);
  const length = Math.floor(how * size);
  await Deno.truncate(path, length);
  return { what: `truncated to ${length} of ${size} bytes:` };
}

const DAY_S = 86_400;

async function touch(_town: Town, path: string, how: number): Promise<Done> {
  const days = [-400, -1, 1, 400][Math.floor(how * 4)] ?? 1;
  const time = Date.now() / 1000 + days * DAY_S;
  await Deno.utime(path, time, time);
  return { what: `touched ${days > 0 ? "+" : ""}${days} days:` };
}

async function chmod(_town: Town, path: string): Promise<Done> {
  const { mode, isDirectory } = await Deno.lstat(path);
  await Deno.chmod(path, 0);
  const undo = () => ifThere(Deno.chmod(path, (mode ?? (isDirectory ? 0o700 : 0o600)) & 0o777));
  return { what: "chmod 0", undo };
}

async function chown(town: Town, path: string): Promise<Done | null> {
  const { uid } = town;
  if (uid === undefined) return null;
  await Deno.chown(path, 0, 0);
  return { what: "chown root", undo: () => ifThere(Deno.chown(path, uid, uid)) };
}

/** Moves it away, and back later; files that arrived in a folder meanwhile stay. */
async function moveAway(town: Town, path: string, how: number): Promise<Done> {
  const away = join(town.platform.dir, `away-${basename(path)}-${Math.floor(how * 1e9)}`);
  await Deno.rename(path, away);
  return { what: "moved away", undo: () => moveBack(away, path) };
}

async function moveBack(away: string, path: string): Promise<void> {
  const { isDirectory } = await Deno.lstat(away);
  const there = await Deno.lstat(path).catch(() => null);
  if (!isDirectory || there === null) return await ifThere(Deno.rename(away, path));
  for (const { name } of await Array.fromAsync(Deno.readDir(away))) {
    await moveBack(join(away, name), join(path, name));
  }
  await Deno.remove(away, { recursive: true });
}

async function renameInPlace(_town: Town, path: string, how: number): Promise<Done> {
  await Deno.rename(path, join(dirname(path), `renamed-${Math.floor(how * 1e6)}.csv`));
  return { what: "renamed" };
}

/** Does work that may find that its path has gone. */
async function ifThere(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function fill(town: Town, { how }: Draws): Promise<Done | null> {
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

function kill(name: "serve" | "manage", weight: number): Intervention {
  return {
    kind: "kill",
    target: name,
    weight,
    run(town, { how }) {
      const service = town[name];
      if (service.pid === null) return Promise.resolve(null);
      const signal = how < 0.8 ? "SIGKILL" : "SIGTERM";
      service.signal(signal);
      return Promise.resolve({ what: `${signal} to ${name}` });
    },
  };
}

function killSandbox({ manage }: Town, { which }: Draws): Promise<Done | null> {
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

function killCustomer({ customers }: Town, { which }: Draws): Promise<Done> {
  const customer = customers[Math.floor(which * (customers.length - 1))];
  customer?.kill();
  return Promise.resolve({ what: `SIGKILL to the program of ${customer?.tenant}` });
}

/** Makes a backup; the next time it is restored. */
function backUpOrRestore(town: Town): Promise<Done> {
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
async function moveClock(town: Town, { how }: Draws): Promise<Done> {
  const days = [-30, -1, 1, 30][Math.floor(how * 4)] ?? 1;
  const ms = days * DAY_S * 1000;
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

export const INTERVENTIONS: readonly Intervention[] = [
  onTarget("delete", "staged file", 4, remove),
  onTarget("delete", "staged record", 2, remove),
  onTarget("delete", "upload", 3, remove),
  onTarget("delete", "upload record", 2, remove),
  onTarget("delete", "archived file", 1, remove),
  onTarget("delete", "archived record", 1, remove),
  onTarget("delete", "failed file", 1, remove),
  onTarget("delete", "failed record", 1, remove),
  onTarget("delete", "customer's file", 1, removeCustomers),
  onTarget("truncate", "staged file", 3, truncate),
  onTarget("truncate", "staged record", 2, truncate),
  onTarget("truncate", "upload", 2, truncate),
  onTarget("truncate", "upload record", 1, truncate),
  onTarget("truncate", "archived file", 1, truncate),
  onTarget("truncate", "failed record", 1, truncate),
  onTarget("truncate", "customer's file", 3, rewrite),
  onTarget("touch", "staged file", 2, touch),
  onTarget("touch", "upload", 2, touch),
  onTarget("touch", "customer's file", 2, touch),
  onTarget("chmod", "staged file", 2, chmod),
  onTarget("chmod", "staged record", 1, chmod),
  onTarget("chmod", "upload", 1, chmod),
  onTarget("chmod", "customer's file", 1, chmod),
  onTarget("chmod", "staging folder", 1, chmod),
  onTarget("chmod", "archive folder", 1, chmod),
  onTarget("chmod", "uploads folder", 1, chmod),
  onTarget("chown", "staged file", 2, chown),
  onTarget("chown", "staging folder", 1, chown),
  onTarget("chown", "upload record", 1, chown),
  onTarget("rename", "staged file", 1, renameInPlace),
  onTarget("rename", "staged file", 2, moveAway),
  onTarget("rename", "staged record", 1, moveAway),
  onTarget("rename", "staging folder", 1, moveAway),
  onTarget("rename", "archived file", 1, moveAway),
  { kind: "fill", target: "disk", weight: 4, run: fill },
  kill("serve", 4),
  kill("manage", 4),
  { kind: "kill", target: "sandbox", weight: 2, run: killSandbox },
  { kind: "kill", target: "customer's program", weight: 2, run: killCustomer },
  { kind: "restore", target: "backup", weight: 4, run: backUpOrRestore },
  { kind: "move", target: "clock", weight: 3, run: moveClock },
];
