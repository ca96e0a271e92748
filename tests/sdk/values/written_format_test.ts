import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDate, parseTime, parseTimestamp, ValueFault } from "mysimbdp";

const MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
  .concat(["August", "September", "October", "November", "December"]);
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const two = (value: number) => String(value).padStart(2, "0");

/** Writes a date in a format: the opposite of the parser, from the runtime's calendar. */
function write(date: Date, format: string): string {
  const hour = date.getUTCHours();
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const tokens: Record<string, string> = {
    YYYY: String(year).padStart(4, "0"),
    MMMM: MONTHS[month]!,
    MMM: MONTHS[month]!.slice(0, 3),
    MM: two(month + 1),
    M: String(month + 1),
    DD: two(day),
    D: String(day),
    dddd: WEEKDAYS[date.getUTCDay()]!,
    ddd: WEEKDAYS[date.getUTCDay()]!.slice(0, 3),
    HH: two(hour),
    H: String(hour),
    hh: two(hour % 12 || 12),
    h: String(hour % 12 || 12),
    A: hour < 12 ? "AM" : "PM",
    mm: two(date.getUTCMinutes()),
    m: String(date.getUTCMinutes()),
    ss: two(date.getUTCSeconds()),
    s: String(date.getUTCSeconds()),
    SSS: String(date.getUTCMilliseconds()).padStart(3, "0"),
    Z: "+00:00",
  };
  return format.replace(
    /\[([^\]]*)\]|Y{4}|M{1,4}|D{1,2}|d{3,4}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|S{3}|[AZ]/g,
    (token, literal) => literal ?? tokens[token]!,
  );
}

const DATES = ["YYYY-MM-DD", "DD.MM.YYYY", "D.M.YYYY", "MM/DD/YYYY", "M/D/YYYY", "YYYYMMDD"]
  .concat(["D MMM YYYY", "MMMM D, YYYY", "dddd, D MMMM YYYY", "ddd DD-MMM-YYYY", "YYYY.MM.DD."]);
const TIMES = ["HH:mm:ss.SSS", "HHmmssSSS", "H:m:s.SSS", "h:mm:ss.SSS A", "A hh[h]mm[m]ss.SSS"];

Deno.test("formats: every day of the years 1 to 9999 is read as it was written", () => {
  const date = new Date(0);
  date.setUTCFullYear(1, 0, 1);
  for (let i = 0; date.getUTCFullYear() < 10_000; i++) {
    const expected = date.toISOString().slice(0, 10);
    const [year, month, day] = expected.split("-");
    assert.equal(parseDate(expected), expected);
    assert.equal(parseDate(`${day}.${month}.${year}`, { format: "DD.MM.YYYY" }), expected);
    if (i % 61 === 0) {
      const format = DATES[i % DATES.length]!;
      assert.equal(parseDate(`${year}${month}${day}`), expected);
      assert.equal(parseDate(write(date, format), { format }), expected);
    }
    date.setUTCDate(date.getUTCDate() + 1);
  }
});

Deno.test("formats: no other day is a date", () => {
  for (let year = 0; year <= 9999; year += 7) {
    for (const day of ["02-29", "02-30", "04-31", "13-01", "00-01", "01-00", "12-32"]) {
      const text = `${String(year).padStart(4, "0")}-${day}`;
      const exists = !Number.isNaN(Date.parse(text)) && year > 0 &&
        new Date(text).toISOString().startsWith(text);
      const read = () => parseDate(text, { format: "YYYY-MM-DD" });
      if (exists) assert.equal(read(), text);
      else {
        assert.throws(read);
        assert.throws(() => parseDate(text));
        assert.throws(() => parseTimestamp(`${text}T00:00:00Z`));
      }
    }
  }
});

Deno.test("formats: what a format writes, it reads", () => {
  const instant = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
  const format = fc.tuple(
    fc.constantFrom(...DATES),
    fc.constantFrom(" ", "T", " [at] ", "_"),
    fc.constantFrom(...TIMES),
    fc.constantFrom("", "Z", " Z"),
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(instant, format, (ms, format) => {
      const date = new Date(ms);
      assert.equal(parseTimestamp(write(date, format), { format }), date.toISOString());
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(instant, fc.constantFrom(...TIMES), (ms, format) => {
    const date = new Date(ms);
    assert.equal(parseTime(write(date, format), { format }), date.toISOString().slice(11, 23));
  }));
});

Deno.test("formats: ISO 8601 with an offset is the instant that the runtime reads", () => {
  const pad = (value: number, length: number) => String(value).padStart(length, "0");
  const timestamp = fc.record({
    ms: fc.integer({ min: -60_000_000_000_000, max: 250_000_000_000_000 }),
    hours: fc.integer({ min: 0, max: 23 }),
    minutes: fc.integer({ min: 0, max: 59 }),
    sign: fc.constantFrom("+", "-"),
    separator: fc.constantFrom("T", " ", "t"),
    gap: fc.constantFrom("", " "),
    colon: fc.constantFrom(":", ""),
    more: fc.stringMatching(/^[0-9]{0,6}$/),
  });
  fc.assert(fc.property(timestamp, (t) => {
    const [date, time] = new Date(t.ms).toISOString().slice(0, 23).split("T") as [string, string];
    const offset = `${t.sign}${pad(t.hours, 2)}${t.colon}${pad(t.minutes, 2)}`;
    const iso = `${date}T${time}${t.sign}${pad(t.hours, 2)}:${pad(t.minutes, 2)}`;
    const text = `${date}${t.separator}${time}${t.more}${t.gap}${offset}`;
    assert.equal(parseTimestamp(text), new Date(iso).toISOString());
  }));
});

Deno.test("formats: any format and any text give a result or a fault", () => {
  const format = fc.array(
    fc.constantFrom("YYYY", "YY", "MMM", "MM", "M", "DD", "D", "ddd", "HH", "h", "A", "mm", "ss")
      .chain((token) =>
        fc.constantFrom(token, ".", " ", "-", "[x]", "'", "S", "Z", "T", "\\", "q")
      ),
    { maxLength: 9 },
  ).map((parts) => parts.join(""));
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.: -]{0,20}$/));
  fc.assert(
    fc.property(format, text, (format, text) => {
      for (const parse of [parseDate, parseTime, parseTimestamp]) {
        try {
          assert.ok(parse(text, { format }) === null || text.trim() !== "");
        } catch (error) {
          assert.ok(error instanceof ValueFault, String(error));
        }
      }
    }),
    { numRuns: 2000 },
  );
});
