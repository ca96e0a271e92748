import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { type FolderWatch, watchFolder } from "../../src/manage/watch.ts";
import { ManualClock, settled } from "../harness/manual_clock.ts";

const HOURS = 3_600;

/** Counts the hints and lets a test wait for one more. */
class Hints {
  count = 0;
  #waiting: (() => void)[] = [];

  readonly onHint = (): void => {
    this.count++;
    for (const wake of this.#waiting.splice(0)) wake();
  };

  /** Runs `cause` and resolves at the next hint. */
  async after(cause: () => unknown): Promise<void> {
    const hint = new Promise<void>((resolve) => this.#waiting.push(resolve));
    await cause();
    await hint;
  }

  /** Resolves when no hint has come for `ms` milliseconds. */
  async quiet(ms: number): Promise<void> {
    for (let before = -1; before !== this.count;) {
      before = this.count;
      await new Promise((resolve) => setTimeout(resolve, ms));
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

async function closing(watch: FolderWatch, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } finally {
    await watch.close();
  }
}

Deno.test("watch: gives a hint at the start, and when a file is renamed in or a folder created", () =>
  inStaging(async (dir) => {
    await Deno.mkdir(join(dir, "customer-1"), { recursive: true });
    const hints = new Hints();
    let watch: FolderWatch | undefined;
    await hints.after(() => {
      watch = watchFolder(dir, { onHint: hints.onHint, scanSeconds: HOURS });
    });
    await closing(watch!, async () => {
      await Deno.writeTextFile(join(dir, "..", "a"), "x");
      await hints.after(() => Deno.rename(join(dir, "..", "a"), join(dir, "customer-1", "a")));
      await hints.after(() => Deno.mkdir(join(dir, "customer-2")));
    });
  }));

Deno.test("watch: many events lead to few hints, and reading leads to none", () =>
  inStaging(async (dir) => {
    await Deno.mkdir(dir);
    const hints = new Hints();
    const watch = watchFolder(dir, { onHint: hints.onHint, scanSeconds: HOURS, debounceMs: 200 });
    await closing(watch, async () => {
      const started = performance.now();
      await hints.after(async () => {
        for (let i = 0; i < 200; i++) await Deno.writeTextFile(join(dir, `f${i}`), "x");
      });
      // A slow machine gives more hints, but never more than one in each pause.
      const most = 2 + (performance.now() - started) / 200;
      assert.ok(hints.count <= most, `${hints.count} hints, limit ${most}`);
      await hints.after(() => Deno.writeTextFile(join(dir, "last"), "x"));
      await hints.quiet(1_000);
      const before = hints.count;
      for (let i = 0; i < 200; i++) await Deno.readTextFile(join(dir, `f${i}`));
      await hints.after(() => Deno.writeTextFile(join(dir, "sentinel"), "x"));
      assert.equal(hints.count, before + 1);
    });
  }));

Deno.test("watch: the timer gives hints without events, even while the folder is missing", () =>
  inStaging(async (dir) => {
    const hints = new Hints();
    const clock = new ManualClock();
    const watch = watchFolder(dir, { onHint: hints.onHint, scanSeconds: 5, clock });
    await closing(watch, async () => {
      await Promise.resolve();
      assert.equal(hints.count, 1);
      await clock.pass(4_999);
      assert.equal(hints.count, 1);
      await hints.after(() => clock.pass(1));
      await Promise.resolve();
      await hints.after(() => clock.pass(5_000));
      assert.equal(hints.count, 3);
    });
    await clock.pass(100_000);
    assert.equal(hints.count, 3);
    assert.equal(clock.sleeping, 0);
  }));

Deno.test("watch: continues after the folder was deleted and created again, 20 times", () =>
  inStaging(async (dir) => {
    await Deno.mkdir(dir);
    const hints = new Hints();
    const watch = watchFolder(dir, { onHint: hints.onHint, scanSeconds: 0.1 });
    await closing(watch, async () => {
      for (let i = 0; i < 20; i++) {
        await Deno.remove(dir, { recursive: true });
        await Deno.mkdir(dir);
        // The first may be of a scan that had started; by the second the new folder is watched.
        await hints.after(() => undefined);
        await hints.after(() => undefined);
      }
    });
    const again = new Hints();
    const long = watchFolder(dir, { onHint: again.onHint, scanSeconds: HOURS });
    await closing(long, () => again.after(() => Deno.writeTextFile(join(dir, "a"), "x")));
  }));

Deno.test("watch: a folder that was created again is watched from the next timer on", () =>
  inStaging(async (dir) => {
    await Deno.mkdir(dir);
    const hints = new Hints();
    const scans: (() => void)[] = [];
    // The test fires the timer; events are debounced in real time.
    const clock: Clock = {
      ...systemClock,
      sleep(ms, signal) {
        if (ms !== HOURS * 1_000) return systemClock.sleep(ms, signal);
        return new Promise((resolve) => scans.push(resolve));
      },
    };
    const watch = watchFolder(dir, { onHint: hints.onHint, scanSeconds: HOURS, clock });
    await closing(watch, async () => {
      await Deno.remove(dir, { recursive: true });
      await Deno.mkdir(dir);
      await hints.after(() => scans.pop()!());
      await hints.after(() => Deno.writeTextFile(join(dir, "a"), "x"));
    });
  }));

Deno.test("watch: hints never overlap, and errors do not end the watch", () =>
  inStaging(async (dir) => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    let calls = 0;
    let underWay = 0;
    let release = () => {};
    const watch = watchFolder(dir, {
      scanSeconds: 1,
      clock,
      onError: (error) => errors.push(error),
      async onHint() {
        calls++;
        assert.equal(++underWay, 1);
        await new Promise<void>((resolve) => release = resolve);
        underWay--;
        throw new Error(`call ${calls}`);
      },
    });
    await clock.pass(1_000);
    await clock.pass(1_000);
    assert.equal(calls, 1);
    release();
    await settled();
    assert.equal(errors.length, 1);
    // The hint that was missed meanwhile follows after a pause.
    await clock.pass(10_000);
    assert.equal(calls, 2);
    const closed = watch.close();
    release();
    await closed;
    assert.equal(underWay, 0);
    await clock.pass(100_000);
    assert.equal(calls, 2);
  }));
