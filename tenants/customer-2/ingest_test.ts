import assert from "node:assert/strict";
import type { Context, Reject } from "mysimbdp";
import ingest from "./ingest.ts";
import { asYear, isPlausible } from "./weather.ts";

const RECORD = {
  date: "2012-01-02",
  precipitation: "10.9",
  temp_max: "10.6",
  temp_min: "2.8",
  wind: "4.5",
  weather: "rain",
};

function context(rejects: string[]): Context {
  return {
    rowId: "ba7816bf-8f01-8cfe-a414-000000000002",
    line: 2,
    fileName: "seattle-weather.csv",
    entryName: null,
    lookup: () => Promise.resolve(null),
    fetch: () => Promise.reject(new Error("no network")),
    secret: () => "",
    reject: (reason, column) => {
      rejects.push(`${column}: ${reason}`);
      return {} as Reject;
    },
  };
}

Deno.test("a day is stored in the partition of its year", () => {
  const result = ingest.row(RECORD, context([])) as { days: Record<string, unknown> };
  assert.equal(result.days["year"], 2012);
  assert.equal(result.days["day"], "2012-01-02");
  assert.deepEqual(Object.keys(result.days), Object.keys(ingest.tables.days.columns));
});

Deno.test("a day whose maximum is below its minimum is rejected", () => {
  const rejects: string[] = [];
  ingest.row({ ...RECORD, temp_max: "1.0" }, context(rejects));
  assert.deepEqual(rejects, ["temp_max_c: temperatures 2.8 to 1"]);
});

Deno.test("years and plausible temperatures", () => {
  assert.equal(asYear("2015-12-31"), 2015);
  assert.ok(isPlausible(-5, 0));
  assert.ok(!isPlausible(NaN, 3));
  assert.ok(!isPlausible(20, 70));
});
