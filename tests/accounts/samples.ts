import { createHash, pbkdf2Sync } from "node:crypto";
import type { Clock } from "../../src/base/clock.ts";

/** Accounts in the format of the first version: password-1 and password-2. */
export const SEED_USERS = {
  "customer-1":
    "97d0eed887efa9702fcba83a64ace149ea7923227a8649cbb01dc825f09118c8e0f95c5a4a496dd30d35554ef3984c697d3f7541d517e6c6c642189a23b21accfb8b5e7aa6b4b12f6e824ddca05818ff82c4df4799e083ff1a4d7957743070f8",
  "customer-2":
    "aa9e53cc66ff8252bb6d29a5829bc83802f320169c25170660537c55aedb8047ae0197077815317a1cb0af21149173f4293575332da4e3d12680d9c3e3f1d2a9f88cee90cda580be1221ba73ca18a2ab7d4f4558d08532c4b5cbff21a7471797",
};

/** A hash in the first version's format. */
export function seedHash(password: string): string {
  const salt = createHash("sha256").update(password).digest("hex");
  return salt + pbkdf2Sync(password, salt, 100_000, 64, "sha512").toString("hex");
}

/** A folder with a users.json; `using` removes it. */
export function usersFolder(users?: Record<string, string> | string) {
  const dir = Deno.makeTempDirSync({ prefix: "mysimbdp-accounts-" });
  const path = `${dir}/users.json`;
  if (users !== undefined) {
    const text = typeof users === "string" ? users : JSON.stringify(users, null, 4);
    Deno.writeTextFileSync(path, text, { mode: 0o600 });
  }
  return {
    dir,
    path,
    read: () => JSON.parse(Deno.readTextFileSync(path)) as Record<string, string>,
    write: (users: Record<string, string>) => Deno.writeTextFileSync(path, JSON.stringify(users)),
    [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }),
  };
}

/** A clock that moves only when told to; calls of sleep are recorded and return at once. */
export function standingClock(start = 1_000_000): Clock & {
  slept: number[];
  move(ms: number): void;
} {
  let time = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => time,
    monotonic: () => time,
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
    move: (ms) => {
      time += ms;
    },
  };
}
