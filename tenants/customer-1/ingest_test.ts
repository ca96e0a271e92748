import assert from "node:assert/strict";
import type { Context, Reject } from "mysimbdp";
import ingest from "./ingest.ts";

const RECORD = {
  "Airport Name": "DALLAS/FORT WORTH INTL ARPT",
  "Aircraft Make Model": "MD-80",
  "Effect Amount of damage": "Minor",
  "Flight Date": "1999-10-19",
  "Aircraft Airline Operator": "US AIRWAYS*",
  "Origin State": "Texas",
  "Phase of flight": "Approach",
  "Wildlife Size": "Small",
  "Wildlife Species": "Unknown bird - small",
  "Time of day": "Day",
  "Cost Other": "0",
  "Cost Repair": "6860",
  "Cost Total $": "6860",
  "Speed IAS in knots": "",
};

function context(rejects: string[]): Context {
  return {
    rowId: "ba7816bf-8f01-8cfe-a414-000000000002",
    line: 2,
    fileName: "birdstrikes.csv",
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

Deno.test("a report becomes one row, without the star of the operator's name", () => {
  const result = ingest.row(RECORD, context([])) as { strikes: Record<string, unknown> };
  assert.equal(result.strikes["operator"], "US AIRWAYS");
  assert.equal(result.strikes["state"], "Texas");
  assert.equal(result.strikes["id"], "ba7816bf-8f01-8cfe-a414-000000000002");
});

Deno.test("an undocumented damage code is rejected and names the column", () => {
  const rejects: string[] = [];
  ingest.row({ ...RECORD, "Effect Amount of damage": "C" }, context(rejects));
  assert.deepEqual(rejects, ['damage: unknown damage "C"']);
});

Deno.test("a row has every declared column", () => {
  const result = ingest.row(RECORD, context([])) as { strikes: Record<string, unknown> };
  assert.deepEqual(Object.keys(result.strikes), Object.keys(ingest.tables.strikes.columns));
});
