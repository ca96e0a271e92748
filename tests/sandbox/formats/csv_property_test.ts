import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { CsvOptions } from "../../../src/sdk/csv.ts";
import { Failure } from "../../../src/base/failure.ts";
import { cutAt, faults, readCsv, records } from "./recording.ts";

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const delimiter = fc.constantFrom(",", ";", "\t", "|", "€");
const quote = fc.constantFrom('"', "'");
const field = fc.oneof(
  fc.string({ unit: fc.constantFrom(",", ";", "\t", "|", "€", '"', "'", "\n", "\r\n", "x", "ž") }),
  fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
  fc.constant(""),
);
const table = fc.integer({ min: 1, max: 6 }).chain((width) =>
  fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 8 })
);

/** Writes a field by RFC 4180, quoted where it must be and where `isQuoted` says so. */
function written(text: string, quote: string, delimiter: string, isQuoted: boolean): string {
  const mustBe = [quote, delimiter, "\n", "\r"].some((special) => text.includes(special));
  return mustBe || isQuoted ? quote + text.replaceAll(quote, quote + quote) + quote : text;
}

function parsedByOther(text: string, { delimiter = ",", quote = '"' }: CsvOptions): string[][] {
  return parse(text, {
    delimiter,
    quote,
    escape: quote,
    record_delimiter: ["\r\n", "\n"],
    skip_empty_lines: true,
    relax_column_count: true,
  });
}

Deno.test("csv property: what was written is read, as csv-parse reads it, however it is cut", () => {
  fc.assert(
    fc.property(
      table,
      delimiter,
      quote,
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      fc.infiniteStream(fc.boolean()),
      cuts,
      (rows, delimiter, quote, lineEnd, isEnded, isQuoted, cuts) => {
        const lines = rows.map((row) =>
          // A record of one empty unquoted field would be a blank line.
          row.map((text) =>
            written(text, quote, delimiter, row.length === 1 || isQuoted.next().value)
          ).join(delimiter)
        );
        const text = lines.join(lineEnd) + (isEnded ? lineEnd : "");
        const options = { header: false, delimiter, quote };
        const { told, thrown } = readCsv(cutAt(text, cuts), options);
        assert.equal(thrown, null);
        assert.deepEqual(faults(told), []);
        assert.deepEqual(records(told), rows);
        assert.deepEqual(records(told), parsedByOther(text, options));
      },
    ),
    { numRuns: 3_000 },
  );
});

Deno.test("csv property: any text that csv-parse takes is read the same, what it refuses is told", () => {
  const anyText = fc.string({
    unit: fc.constantFrom("a", ",", '"', '"', "\n", "\r\n"),
    maxLength: 24,
  });
  fc.assert(
    fc.property(anyText, cuts, (text, cuts) => {
      const { told, thrown } = readCsv(cutAt(text, cuts), { header: false });
      let expected: string[][] | null = null;
      try {
        expected = parsedByOther(text, {});
      } catch {
        // Told below as null: text that is not CSV.
      }
      const structural = faults(told).filter(({ reason }) => !reason.includes("the header has"));
      assert.equal(thrown !== null || structural.length > 0, expected === null);
      if (expected === null) return;
      const width = expected[0]?.length;
      const isRagged = (row: string[]) => row.length !== width;
      assert.deepEqual(records(told), expected.filter((row) => !isRagged(row)));
      assert.equal(faults(told).length, expected.filter(isRagged).length);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("csv property: any cutting of any text gives the same calls and the same failure", () => {
  const unit = fc.constantFrom("a", "bb", ",", '"', '"', "\n", "\r", "\r\n", "\0", "\uD800\uD800");
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 60 }),
      cuts,
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom<CsvOptions>({ header: false }, {}, { header: ["a", "b"] }, { quote: "" }),
      (text, cuts, maxRecordChars, options) => {
        const whole = readCsv([text], options, maxRecordChars);
        const one = readCsv([...text], options, maxRecordChars);
        const some = readCsv(cutAt(text, cuts), options, maxRecordChars);
        for (const { told, thrown } of [one, some]) {
          assert.deepEqual(told, whole.told);
          assert.deepEqual(describe(thrown), describe(whole.thrown));
        }
      },
    ),
    { numRuns: 20_000 },
  );
});

Deno.test("csv property: without quoting, every line is told once, in order", () => {
  const unit = fc.constantFrom("a", ",", '"', "\n", "\n", "\r\n", "\0", "\uD800\uD800");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), cuts, (text, cuts) => {
      const { told } = readCsv(cutAt(text, cuts), { header: ["a", "b"], quote: "" }, 10);
      const lines = told.slice(1).map((one) =>
        "fields" in one ? one.line : "fault" in one ? one.fault.line : "skip" in one ? one.skip : 0
      );
      const count = text.split("\n").length - (text === "" || text.endsWith("\n") ? 1 : 0);
      assert.deepEqual(lines, Array.from({ length: count }, (_, index) => index + 1));
    }),
    { numRuns: 5_000 },
  );
});

function describe(thrown: unknown): unknown {
  if (thrown === null) return null;
  assert.ok(thrown instanceof Failure, `not a failure: ${thrown}`);
  return [thrown.code, thrown.message, thrown.details];
}
