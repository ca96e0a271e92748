import assert from "node:assert/strict";
import { join } from "node:path";
import { type StagingWatch, type WatchClock, watchStaging } from "../../src/manage/watch.ts";

const HOURS = 3_600;

/** Counts the hints and lets a test wait for one more. */
class Hints {
  count = 0;
  #waiting: (() => void)[] = [];

  readonly onHint = (): void => {
    this.count++;
    for (const wake of this.#waiting.splice(0)) wake();
  };

  /** Resolves at the next hint after `cause`. */
  async after(cause: () => unknown): Promise<void> {
    const hint = new Promise<void>((resolve) => this.#waiting.push(resolve));
    await cause();
    await hint;
  }
}

/** A clock whose timers go off when a test says so. */
class HandClock implements WatchClock {
  #now = 0;
  #timers = new Set<{ at: number; work: () => void }>();
  now = () => this.#now;
  after = (ms: number, work: () => void) => {
    const timer = { at: this.#now + ms, work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  get timers(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.work();
    }
  }
}

async function inStaging(body: (dir: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  try {
    await body(join(parent, "staging"));
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

async function closing(watch: StagingWatch, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } finally {
    await watch.close();
  }
}

Deno.test("watch: looks at the start, then when a file is renamed in, also in a new folder", () =>
  inStaging(async (dir) => {
    await Deno.mkdir(join(dir, "customer-1"), { recursive: true });
    const hints = new Hints();
    let watch: StagingWatch | undefined;
    await hints.after(() => {
      watch = watchStaging(dir, { onHint: hints.onHint, scanSeconds: HOURS });
    });
    await closing(watch!, async () => {
      await Deno.writeTextFile(join(dir, "..", "a"), "x");
      await hints.after(() => Deno.rename(join(dir, "..", "a"), join(dir, "customer-1", "a")));
      await hints.after(() => Deno.mkdir(join(dir, "customer-2")));
    });
  }));

Deno.test("watch: many events make few hints, and reading makes none", () =>
  inStaging(async (dir) => {
    await Deno.mkdir(dir);
    const hints = new Hints();
    const watch = watchStaging(dir, { onHint: hints.onHint, scanSeconds: HOURS, debounceMs: 200 });
    await closing(watch, async () => {
      await hints.after(async () => {
        for (let i = 0; i < 200; i++) await Deno.writeTextFile(join(dir, `f${i}`), "x");
      });
      assert.ok(hints.count < 20, `${hints.count} hints`);
      await hints.after(() => Deno.writeTextFile(join(dir, "last"), "x"));
      const before = hints.count;
      for (let i = 0; i < 200; i++) await Deno.readTextFile(join(dir, `f${i}`));
      await hints.after(() => Deno.writeTextFile(join(dir, "sentinel"), "x"));
      assert.equal(hints.count, before + 1);
    });
  }));

Deno.test("watch: the timer looks where no event comes, though the directory is missing", () =>
  inStaging(async (dir) => {
    const hints = new Hints();
    const clock = new HandClock();
    const watch = watchStaging(dir, { onHint: hints.onHint, scanSeconds: 5, clock });
    await closing(watch, async () => {
      await Promise.resolve();
      assert.equal(hints.count, 1);
      clock.pass(4_999);
      assert.equal(hints.count, 1);
      await hints.after(() => clock.pass(1));
      await Promise.resolve();
      await hints.after(() => clock.pass(5_000));
      assert.equal(hints.count, 3);
    });
    clock.pass(100_000);
    assert.equal(hints.count, 3);
    assert.equal(clock.timers, 0);
  }));

Deno.test("watch: goes on after the directory was deleted and made again, 20 times", () =>
  inStaging(async (dir) => {
    await Deno.mkdir(dir);
    const hints = new Hints();
    const watch = watchStaging(dir, { onHint: hints.onHint, scanSeconds: 0.1 });
    await closing(watch, async () => {
      for (let i = 0; i < 20; i++) {
        await Deno.remove(dir, { recursive: true });
        await Deno.mkdir(dir);
        // The first is a scan already under way, by the second the new directory is watched.
        await hints.after(() => undefined);
        await hints.after(() => undefined);
      }
    });
    const again = new Hints();
    const long = watchStaging(dir, { onHint: again.onHint, scanSeconds: HOURS });
    await closing(long, () => again.after(() => Deno.writeTextFile(join(dir, "a"), "x")));
  }));

Deno.test("watch: a directory that was made again is watched from the next scan on", () =>
  inStaging(async (dir) => {
    await Deno.mkdir(dir);
    const hints = new Hints();
    const scans: (() => void)[] = [];
    // Only the scan is by hand; events are debounced in real time.
    const clock: WatchClock = {
      now: () => performance.now(),
      after(ms, work) {
        if (ms === HOURS * 1_000) {
          scans.push(work);
          return () => undefined;
        }
        const timer = setTimeout(work, ms);
        return () => clearTimeout(timer);
      },
    };
    const watch = watchStaging(dir, { onHint: hints.onHint, scanSeconds: HOURS, clock });
    await closing(watch, async () => {
      await Deno.remove(dir, { recursive: true });
      await Deno.mkdir(dir);
      await hints.after(() => scans.pop()!());
      await hints.after(() => Deno.writeTextFile(join(dir, "a"), "x"));
    });
  }));

Deno.test("watch: a look is never started while one is under way, and faults do not end it", () =>
  inStaging(async (dir) => {
    const clock = new HandClock();
    const errors: unknown[] = [];
    let looks = 0;
    let underWay = 0;
    let release = () => {};
    const watch = watchStaging(dir, {
      scanSeconds: 1,
      clock,
      onError: (thrown) => errors.push(thrown),
      async onHint() {
        looks++;
        assert.equal(++underWay, 1);
        await new Promise<void>((resolve) => release = resolve);
        underWay--;
        throw new Error(`look ${looks}`);
      },
    });
    clock.pass(1_000);
    clock.pass(1_000);
    assert.equal(looks, 1);
    release();
    await settled();
    assert.equal(errors.length, 1);
    // What was asked for meanwhile is made up for, after a rest.
    clock.pass(10_000);
    assert.equal(looks, 2);
    const closed = watch.close();
    release();
    await closed;
    assert.equal(underWay, 0);
    clock.pass(100_000);
    assert.equal(looks, 2);
  }));

/** Lets everything that is ready to run do so. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
