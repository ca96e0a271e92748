import assert from "node:assert/strict";
import fc from "fast-check";
import type { Storage } from "../../src/storage/contract.ts";
import { rounds } from "../harness/chance.ts";
import {
  type Backend,
  code,
  READINGS,
  readings,
  receiptFor,
  type Register,
} from "./storage_fixtures.ts";
import { loadFile, notesIn, TENANT } from "./storage_versions_contract.ts";

/** One attempt to load a version of a file; of a version that was loaded before, it is a replay. */
const STEP = fc.record({
  name: fc.constantFrom("a.csv", "b.csv"),
  version: fc.integer({ min: 1, max: 4 }),
  days: fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { maxLength: 5 }),
  mode: fc.constantFrom("replace", "replace", "replace", "add"),
  end: fc.constantFrom("commit", "commit", "commit", "abort", "reopen"),
});
export type Step = typeof STEP extends fc.Arbitrary<infer S> ? S : never;

/** What the storage must hold, in memory. */
export interface Model {
  isSuperseded(step: Step): boolean;
  /** Called at the begin of each attempt. @param receivedAt ms since the epoch */
  begin(id: string, receivedAt: number): void;
  /** @returns the replaced files */
  commit(step: Step, id: string, note: string): string[];
  readonly notes: Record<string, string>;
}

/** Of the rows with one key, the one that was committed last stays. */
class CommitModel implements Model {
  /** The note and the tracked owner of each day. */
  readonly rows = new Map<number, { note: string; owner: string | null }>();
  /** The version of each name whose rows are tracked. */
  readonly tracked = new Map<string, { id: string; version: number }>();

  isSuperseded({ name, version, mode }: Step): boolean {
    return mode === "replace" && (this.tracked.get(name)?.version ?? 0) > version;
  }

  begin(): void {}

  commit({ name, version, days, mode }: Step, id: string, note: string): string[] {
    const earlier = this.tracked.get(name);
    if (mode === "replace") {
      for (const [day, { owner }] of this.rows) if (owner === name) this.rows.delete(day);
      this.tracked.set(name, { id, version });
    }
    for (const day of days) this.rows.set(day, { note, owner: mode === "replace" ? name : null });
    return mode === "replace" && earlier && earlier.id !== id ? [earlier.id] : [];
  }

  get notes(): Record<string, string> {
    return Object.fromEntries([...this.rows].map(([day, { note }]) => [String(day), note]));
  }
}

/** Random sequences of loads, compared with a {@link Model}. */
export function versionProperty(
  test: Register,
  newModel: () => Model = () => new CommitModel(),
): void {
  test(
    "random loads, replays and aborts of versions leave the rows of a simple model",
    async (_storage, backend) => {
      let run = 0;
      const property = fc.asyncProperty(fc.array(STEP, { maxLength: 12 }), async (steps) => {
        await follow(backend, newModel(), `run-${++run}`, steps);
      });
      await fc.assert(property, { numRuns: rounds(40) });
    },
  );
}

/** @param station keeps the rows and files of the runs apart */
async function follow(
  backend: Backend,
  model: Model,
  station: string,
  steps: Step[],
): Promise<void> {
  let storage = await backend.open();
  await storage.ensureKeyspace(TENANT);
  await storage.ensureTables(TENANT, [READINGS]);
  try {
    const arrivals = new Map<string, number>();
    for (const [at, step] of steps.entries()) {
      if (step.end === "reopen") {
        await storage.close();
        storage = await backend.open();
      } else await attempt(storage, model, station, step, at, arrivals);
      assert.deepEqual(await notesIn(backend, READINGS, station), model.notes, `after step ${at}`);
    }
  } finally {
    await storage.close();
  }
}

async function attempt(
  storage: Storage,
  model: Model,
  station: string,
  step: Step,
  at: number,
  arrivals: Map<string, number>,
): Promise<void> {
  const { version, days, mode } = step;
  const note = String(at);
  const name = `${station}-${step.name}`;
  const id = `${name}-${version}`;
  // A file arrives once, however often it is loaded.
  const receivedAt = arrivals.get(id) ?? (at + 1) * 1_000;
  arrivals.set(id, receivedAt);
  const tracking = mode === "replace" ? { name, version } : {};
  await storage.forget(TENANT, id);
  model.begin(id, receivedAt);
  if (model.isSuperseded(step)) {
    const file = { id, days, note, station, receivedAt, ...tracking };
    return await assert.rejects(loadFile(storage, file), code("superseded"));
  }
  if (step.end === "abort") {
    const options = mode === "replace" ? { replaces: { name, version } } : {};
    const load = await storage.begin(TENANT, id, [READINGS], { receivedAt, ...options });
    if (days.length > 0) await load.write(readings(station, days, note));
    return await load.abort();
  }
  const receipt = await loadFile(storage, { id, days, note, station, receivedAt, ...tracking });
  const replacedFiles = model.commit(step, id, note);
  assert.deepEqual(receipt.replacedFiles, replacedFiles);
  const expected = { ...receiptFor(days.length), replacedFiles };
  assert.deepEqual(await storage.receipt(TENANT, id), expected);
}
