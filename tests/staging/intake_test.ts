import assert from "node:assert/strict";
import { openIntake } from "../../src/staging/intake.ts";
import { completeUpload, finish, withData } from "./harness.ts";

const DAY_MS = 86_400_000;

Deno.test("receipts are kept while the clock is far ahead, and expire when the new time has lasted", () =>
  withData(async (dataDir) => {
    const time = { now: Date.now(), monotonic: 0 };
    const jumps: boolean[] = [];
    const intake = await openIntake(dataDir, {
      now: () => time.now,
      monotonic: () => time.monotonic,
      receiptExpiryMs: () => 30 * DAY_MS,
      onClock: (jump) => jumps.push(jump !== null),
    });
    await finish(intake, await completeUpload(intake, "a.csv", "hello"));
    const kept = () => intake.receipts.list({ tenant: "customer-1", limit: 10 }).length;
    await intake.expire();
    time.now += 365 * DAY_MS;
    time.monotonic += 60_000;
    await intake.expire();
    assert.equal(kept(), 1, "a year ahead for a minute");
    time.now -= 365 * DAY_MS;
    await intake.expire();
    assert.deepEqual(jumps, [false, true, false]);
    for (let day = 0; day < 31; day++) {
      assert.equal(kept(), 1);
      time.now += DAY_MS;
      time.monotonic += DAY_MS;
      await intake.expire();
    }
    assert.equal(kept(), 0);
    intake.close();
  }));

Deno.test("a later version never arrives before an earlier one, also if the clock was set back", () =>
  withData(async (dataDir) => {
    let now = Date.now() + 365 * DAY_MS;
    const intake = await openIntake(dataDir, { now: () => now });
    const first = await finish(intake, await completeUpload(intake, "a.csv", "1"));
    now -= 365 * DAY_MS;
    const second = await finish(intake, await completeUpload(intake, "a.csv", "2"));
    const other = await finish(intake, await completeUpload(intake, "b.csv", "2"));
    assert.deepEqual([first.version, second.version], [1, 2]);
    assert.ok(second.receivedAt > first.receivedAt);
    assert.equal(other.receivedAt, now);
    intake.close();
  }));

Deno.test("an upload that cannot be handed over is reported at each try, and the server starts and goes on", () =>
  withData(async (dataDir) => {
    const before = await openIntake(dataDir);
    const upload = await completeUpload(before, "a.csv", "hello");
    before.close();
    // Something is where its record has to be.
    const record = before.layout.sidecar("staging", "customer-1", upload.info.id);
    await Deno.mkdir(`${record}/full`, { recursive: true });
    const tries: [string, boolean][] = [];
    const onHandoff = (path: string, error: unknown) => tries.push([path, error === null]);
    const intake = await openIntake(dataDir, { onHandoff });
    const path = intake.layout.upload(upload.info.id);
    await intake.expire();
    assert.deepEqual(tries, [[path, false], [path, false]]);
    await Deno.remove(record, { recursive: true });
    await intake.expire();
    assert.deepEqual(tries.at(-1), [path, true]);
    assert.ok(intake.receipts.ofUpload("customer-1", upload.info.id));
    intake.close();
  }));
