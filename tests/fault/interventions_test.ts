import assert from "node:assert/strict";
import { basename } from "node:path";
import { pause } from "../harness/until.ts";
import type { Done } from "./interventions/done.ts";
import { INTERVENTIONS } from "./interventions/interventions.ts";
import { pathsOf } from "./interventions/targets.ts";
import { Town } from "./interventions/town.ts";
import { faultsOf, pendingOf, reportedFiles } from "./interventions/verdict.ts";

/** How many interventions; `INTERVENTIONS=300` is the long run. */
const COUNT = Number(Deno.env.get("INTERVENTIONS") ?? 30);
/** Repeats the interventions of an earlier run. */
const SEED = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31));
/** Draws only interventions whose kind and target match, such as `ONLY="kill|staged file"`. */
const ONLY = new RegExp(Deno.env.get("ONLY") ?? ".");
const FILES = 50;
/** Seconds without progress after which files are stuck, when nobody intervenes any more. */
const STUCK_SECONDS = 40;
/** Draws without a target after which everything is repaired. */
const MOST_IN_VAIN = 50;
const START_SECONDS = 60;
/** How often customers send again what was lost. */
const ROUNDS = 8;

interface Repair {
  /** The intervention before which it is done. */
  at: number;
  undo: () => Promise<void>;
}

/** Draws interventions until `count` of them were done. @returns the count of each kind */
async function intervene(town: Town, count: number): Promise<Map<string, number>> {
  const { chance } = town;
  const sums = new Map<string, number>();
  const lots = INTERVENTIONS.filter(({ kind, target }) => ONLY.test(`${kind} ${target}`))
    .flatMap((each) => Array(each.weight).fill(each));
  let repairs: Repair[] = [];
  let inVain = 0;
  let isDeployed = false;
  for (let done = 0; done < count;) {
    for (let n = await town.inFlight(); n < FILES; n++) await town.add();
    const intervention = chance.pick(lots);
    const draws = { which: chance.next(), how: chance.next() };
    const repairedAfter = chance.whole(1, 3);
    const ms = chance.between(100, 1_200);
    const what: Done | null = await intervention.run(town, draws);
    if (what === null) {
      // There was nothing to do it to, perhaps because of an earlier intervention.
      if (++inVain % MOST_IN_VAIN === 0) repairs = await repair(repairs, Infinity);
      await pause(20);
      continue;
    }
    done++;
    town.note(`#${done} ${what.what}`);
    sums.set(intervention.kind, (sums.get(intervention.kind) ?? 0) + 1);
    if (what.undo) repairs.push({ at: done + repairedAfter, undo: what.undo });
    await pause(ms);
    repairs = await repair(repairs, done);
    if (!isDeployed && done >= count / 2 && !town.isDiskFull) {
      await town.deployLast();
      isDeployed = true;
    }
  }
  await repair(repairs, Infinity);
  await town.fixTexts();
  await town.deployLast();
  return sums;
}

/** Undoes what is due. @returns the others */
async function repair(repairs: Repair[], done: number): Promise<Repair[]> {
  for (const { at, undo } of repairs) if (at <= done) await undo();
  return repairs.filter(({ at }) => at > done);
}

/** Waits until everything is loaded or has failed; customers send what the platform has lost. */
async function drain(town: Town): Promise<string[]> {
  for (let round = 0; round < ROUNDS; round++) {
    const stuck = await stuckFiles(town);
    if (stuck.length > 0) return stuck;
    await replayWithoutModule(town);
    const received = await Promise.all(town.customers.map((customer) => customer.sendAll()));
    if (received.every(Boolean) && (await pending(town)).length === 0) return [];
  }
  return ["customers have to send again and again"];
}

/** A backup without a module was restored: its files failed, and the operator replays them. */
async function replayWithoutModule(town: Town): Promise<void> {
  const files = await reportedFiles(town);
  for (const { id, reason } of files.filter(({ reason }) => reason?.code === "no-module")) {
    await town.platform.must("manage", "replay", id);
    town.note(`replayed ${id}: ${reason?.message}`);
  }
}

/** Waits until no file is on its way. @returns the files that make no progress */
async function stuckFiles(town: Town): Promise<string[]> {
  let before = "";
  let since = performance.now();
  for (;;) {
    const now = await pending(town);
    if (now.length === 0) return [];
    if (now.join() !== before) since = performance.now();
    if (performance.now() - since > STUCK_SECONDS * 1000) return now;
    before = now.join();
    await pause(500);
  }
}

/** Files that have not ended, in the ledger or in staging. */
async function pending(town: Town): Promise<string[]> {
  const files = pendingOf(await reportedFiles(town)).map(({ id, tenant, name, state, reason }) =>
    `stuck: ${tenant}/${id} ${name} ${state} ${reason?.message ?? ""}`
  );
  const ids = new Set(files.map((line) => line.split(/[/ ]/)[2]));
  const staged = (await pathsOf(town, "staged file")).filter((path) => !ids.has(basename(path)));
  return [
    ...files,
    ...staged.map((path) => `stuck in staging, not pending in the ledger: ${path}`),
  ];
}

Deno.test(`after ${COUNT} random interventions every row is stored exactly once, or its file has failed with a reason`, async () => {
  await using town = await Town.create(SEED);
  const started = performance.now();
  try {
    for (let n = 0; n < FILES; n++) await town.add();
    assert.ok(await town.up(START_SECONDS), "serve does not start");
    const sums = await intervene(town, COUNT);
    town.note("everything is repaired");
    assert.ok(await town.up(START_SECONDS), "serve does not start");
    assert.deepEqual(await drain(town), []);
    assert.deepEqual(await faultsOf(town), []);
    const files = await reportedFiles(town);
    const states = Map.groupBy(files, ({ state, reason }) => reason?.code ?? state);
    console.log(
      `seed ${SEED}: ${COUNT} interventions (${listed(sums)}), ` +
        `${town.contents.all.length} contents, files in the ledger: ` +
        `${listed(new Map([...states].map(([state, { length }]) => [state, length])))}, ` +
        `${Math.round((performance.now() - started) / 1000)} s`,
    );
  } catch (error) {
    throw new Error(town.describe(error), { cause: error });
  }
});

function listed(sums: Map<string, number>): string {
  return [...sums].sort().map(([name, n]) => `${name} ${n}`).join(", ");
}
