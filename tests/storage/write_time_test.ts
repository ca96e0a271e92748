import assert from "node:assert/strict";
import { createFileIds, fileIdOf } from "../../src/data/file_id.ts";
import { writeTimeOf } from "../../src/storage/cassandra/load_records.ts";

const MS = 1_700_000_000_000;
const nextId = createFileIds({ now: () => MS, random: () => new Uint8Array(10) });

Deno.test("write time: files of one millisecond have different times, in the order of their ids", () => {
  const times = Array.from({ length: 32 }, () => writeTimeOf(MS, nextId()));
  for (const [i, time] of times.slice(1).entries()) assert.ok(time - times[i]! >= 31);
  assert.ok(times[0]! >= MS * 1_000 && times.at(-1)! < (MS + 1) * 1_000);
});

Deno.test("write time: times of random ids mostly differ too, and any text has a time", () => {
  const random = () => crypto.getRandomValues(new Uint8Array(10));
  const times = Array.from({ length: 500 }, () => writeTimeOf(MS, fileIdOf(MS, random())));
  assert.ok(new Set(times).size > 300, `${new Set(times).size} different times`);
  assert.ok(times.every((time) => Math.floor(time / 1_000) === MS));
  assert.equal(writeTimeOf(5, "!"), 5_000);
});
