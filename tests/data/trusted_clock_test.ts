import assert from "node:assert/strict";
import { TrustedClock } from "../../src/data/trusted_clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

async function withClock(
  test: (t: {
    /** Lets time pass on both clocks. */
    pass: (ms: number) => void;
    /** Moves the clock on the wall alone. */
    set: (ms: number) => void;
    isHeld: () => Promise<boolean>;
    restart: () => void;
  }) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-clock-" });
  const time = { now: 1_700_000_000_000, monotonic: 5_000 };
  const clock = { now: () => time.now, monotonic: () => time.monotonic };
  const open = () => new TrustedClock(`${dir}/clock.json`, clock);
  let trusted = open();
  try {
    await test({
      pass: (ms) => {
        time.now += ms;
        time.monotonic += ms;
      },
      set: (ms) => void (time.now += ms),
      isHeld: async () => await trusted.jump() !== null,
      restart: () => {
        trusted = open();
        time.monotonic = 0;
      },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a clock that runs normally is trusted, for weeks, across restarts and when it is set back", () =>
  withClock(async ({ pass, set, isHeld, restart }) => {
    for (let hour = 0; hour < 24 * 21; hour++) {
      assert.equal(await isHeld(), false);
      pass(HOUR_MS);
      if (hour % 50 === 0) restart();
      if (hour % 70 === 0) set(-3 * HOUR_MS);
      if (hour % 90 === 0) set(3 * HOUR_MS);
    }
  }));

Deno.test("a clock that is a year ahead for a minute is not trusted, then all is as before", () =>
  withClock(async ({ pass, set, isHeld }) => {
    await isHeld();
    pass(HOUR_MS);
    set(YEAR_MS);
    assert.equal(await isHeld(), true);
    pass(MINUTE_MS);
    assert.equal(await isHeld(), true);
    set(-YEAR_MS);
    assert.equal(await isHeld(), false);
  }));

Deno.test("a new time that lasts for a day is taken to be right, even if the process restarts often", () =>
  withClock(async ({ pass, set, isHeld, restart }) => {
    await isHeld();
    set(YEAR_MS);
    let hours = 0;
    while (await isHeld()) {
      pass(HOUR_MS);
      assert.ok(++hours < 40, "it is held for ever");
      if (hours % 5 === 0) {
        await isHeld();
        restart();
      }
    }
    assert.ok(hours >= 24, `held for ${hours} hours`);
    pass(DAY_MS / 2);
    assert.equal(await isHeld(), false);
  }));

Deno.test("a process that did not run for a week waits for a day", () =>
  withClock(async ({ pass, isHeld, restart }) => {
    await isHeld();
    pass(7 * DAY_MS);
    restart();
    assert.equal(await isHeld(), true);
    pass(DAY_MS + MINUTE_MS);
    assert.equal(await isHeld(), false);
  }));
