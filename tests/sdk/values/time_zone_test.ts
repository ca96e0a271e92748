import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTimestamp, ValueFault } from "mysimbdp";
import { timeZone } from "../../../src/sdk/values/time_zone.ts";

/** The local time at an instant, as the runtime writes it: independent of our arithmetic. */
function localText(instant: number, zone: string): string {
  return new Date(instant).toLocaleString("sv-SE", { timeZone: zone });
}

// The rules of 2024, with hours that are skipped and repeated, and zones with unusual offsets.
const KNOWN: [zone: string, local: string, earlier: string, later: string][] = [
  ["Europe/Berlin", "2024-01-01 12:00", "2024-01-01T11:00:00.000Z", "2024-01-01T11:00:00.000Z"],
  ["Europe/Berlin", "2024-03-31 02:30", "2024-03-31T00:30:00.000Z", "2024-03-31T01:30:00.000Z"],
  ["Europe/Berlin", "2024-10-27 02:30", "2024-10-27T00:30:00.000Z", "2024-10-27T01:30:00.000Z"],
  ["Europe/Berlin", "2024-10-27 03:00", "2024-10-27T02:00:00.000Z", "2024-10-27T02:00:00.000Z"],
  ["America/New_York", "2024-03-10 02:00", "2024-03-10T06:00:00.000Z", "2024-03-10T07:00:00.000Z"],
  ["America/New_York", "2024-11-03 01:59", "2024-11-03T05:59:00.000Z", "2024-11-03T06:59:00.000Z"],
  [
    "Australia/Lord_Howe",
    "2024-04-07 01:45",
    "2024-04-06T14:45:00.000Z",
    "2024-04-06T15:15:00.000Z",
  ],
  ["Asia/Kathmandu", "2024-06-01 00:00", "2024-05-31T18:15:00.000Z", "2024-05-31T18:15:00.000Z"],
  // A whole day was skipped.
  ["Pacific/Apia", "2011-12-30 12:00", "2011-12-29T22:00:00.000Z", "2011-12-30T22:00:00.000Z"],
  [
    "Pacific/Kiritimati",
    "2024-01-01 00:00",
    "2023-12-31T10:00:00.000Z",
    "2023-12-31T10:00:00.000Z",
  ],
  // Local mean time, to the second.
  ["Europe/Berlin", "1890-01-01 00:53:28", "1890-01-01T00:00:00.000Z", "1890-01-01T00:00:00.000Z"],
  ["Europe/Berlin", "1850-06-01 00:00", "1850-05-31T23:06:32.000Z", "1850-05-31T23:06:32.000Z"],
  ["UTC", "0001-01-01 00:00", "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"],
];

for (const [zone, local, earlier, later] of KNOWN) {
  Deno.test(`time zones: ${local} in ${zone}`, () => {
    const read = (clockChange: "reject" | "earlier" | "later") =>
      parseTimestamp(local, { timeZone: zone, clockChange });
    assert.equal(read("earlier"), earlier);
    assert.equal(read("later"), later);
    if (earlier === later) assert.equal(read("reject"), earlier);
    else assert.throws(() => read("reject"), ValueFault);
  });
}

Deno.test("time zones: an offset in the text counts, not the zone", () => {
  const options = { timeZone: "Europe/Berlin" };
  assert.equal(parseTimestamp("2024-01-01T12:00:00Z", options), "2024-01-01T12:00:00.000Z");
  assert.equal(parseTimestamp("2024-01-01 12:00+05", options), "2024-01-01T07:00:00.000Z");
});

const ZONES = ["Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe"]
  .concat(["Asia/Tehran", "America/Sao_Paulo", "Pacific/Apia", "Asia/Pyongyang", "Europe/Dublin"])
  .concat(["America/Caracas", "Antarctica/Troll", "Asia/Gaza", "Europe/Lisbon", "America/Nuuk"]);
const second = fc.integer({
  min: Date.UTC(1900, 0, 1) / 1000,
  max: Date.UTC(2100, 0, 1) / 1000,
});

Deno.test("time zones: every instant survives as local time, unless the clocks change", () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), second, (name, at) => {
      const instant = at * 1000;
      const zone = timeZone(name);
      const local = Date.parse(`${localText(instant, name).replace(" ", "T")}Z`);
      assert.equal(zone.offset(instant), local - instant);
      const found = zone.instant(local, "reject");
      if (found === "repeated") {
        const both = [zone.instant(local, "earlier"), zone.instant(local, "later")];
        assert.ok(both.includes(instant));
        assert.equal(localText(both[0] as number, name), localText(both[1] as number, name));
      } else assert.equal(found, instant);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("time zones: a time is skipped only if no instant near it has that local time", () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), fc.integer({ min: 1970, max: 2037 }), (name, year) => {
      const zone = timeZone(name);
      const hour = 3_600_000;
      for (
        let local = Date.UTC(year, 0, 1);
        local < Date.UTC(year + 1, 0, 1);
        local += 13 * hour / 2
      ) {
        if (zone.instant(local, "reject") !== "skipped") continue;
        const wanted = new Date(local).toISOString().slice(0, 19).replace("T", " ");
        for (let i = -27 * 4; i <= 27 * 4; i++) {
          assert.notEqual(localText(local + i * hour / 4, name), wanted, `${wanted} in ${name}`);
        }
      }
    }),
    { numRuns: 40 },
  );
});
