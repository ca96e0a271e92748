import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { CsvOptions } from "../../../src/sdk/csv.ts";
import { Failure } from "../../../src/base/failure.ts";
import { cutAt, faults, readCsv, records } from "./recording.ts";

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const delimiter = fc.constantFrom(",", ";", "\t", "|", "€", "||", ", ", ";;x");
const quote = fc.constantFrom('"', "'");
const field = fc.oneof(
  fc.string({ unit: fc.constantFrom(",", ";", "\t", "|", "€", '"', "'", "\n", "\r\n", "x", "ž") }),
  fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
  fc.constant(""),
);
const table = fc.integer({ min: 1, max: 6 }).chain((width) =>
  fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 8 })
);

const anyOptions: fc.Arbitrary<CsvOptions> = fc.record({
  header: fc.constantFrom<CsvOptions["header"]>(true, false, ["a", "b"]),
  delimiter: fc.constantFrom(",", "||", "auto"),
  quote: fc.constantFrom('"', '"', "'"),
  escape: fc.constantFrom('"', "\\", ""),
  strayQuotes: fc.constantFrom("reject", "keep"),
  quotedLines: fc.integer({ min: 1, max: 4 }),
  quotedRecords: fc.boolean(),
  ragged: fc.constantFrom("reject", "pad", "keep"),
  trailingDelimiter: fc.boolean(),
  trim: fc.boolean(),
  comment: fc.constantFrom("#", ""),
  skipLast: fc.integer({ min: 0, max: 2 }),
  stopAt: fc.constantFrom("T*", "none"),
  lineEnd: fc.constantFrom("\n", "\r", "\r\r\n"),
  skip: fc.integer({ min: 0, max: 2 }),
  uniqueNames: fc.boolean(),
}, { requiredKeys: [] });

/** Writes a field by RFC 4180, quoted if necessary or if `isQuoted`. */
function written(text: string, quote: string, delimiter: string, isQuoted: boolean): string {
  const mustBe = [quote, ...delimiter, "\n", "\r"].some((special) => text.includes(special));
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

Deno.test("csv property: written records are read back like csv-parse does, however the text is split", () => {
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
        const options = { header: false, delimiter, quote, quotedRecords: true };
        const { calls, error } = readCsv(cutAt(text, cuts), options);
        assert.equal(error, null);
        assert.deepEqual(faults(calls), []);
        assert.deepEqual(records(calls), rows);
        assert.deepEqual(records(calls), parsedByOther(text, options));
      },
    ),
    { numRuns: 3_000 },
  );
});

Deno.test("csv property: text that csv-parse accepts is read the same, text that it refuses is a fault", () => {
  const anyText = fc.string({
    unit: fc.constantFrom("a", ",", '"', '"', "\n", "\r\n"),
    maxLength: 24,
  });
  fc.assert(
    fc.property(anyText, cuts, (text, cuts) => {
      const options = { header: false, quotedRecords: true };
      const { calls, error } = readCsv(cutAt(text, cuts), options);
      let expected: string[][] | null = null;
      try {
        expected = parsedByOther(text, {});
      } catch {
        // The text is not CSV: `expected` stays null.
      }
      const structural = faults(calls).filter(({ reason }) => !reason.includes("the header has"));
      assert.equal(error !== null || structural.length > 0, expected === null);
      if (expected === null) return;
      const width = expected[0]?.length;
      const isRagged = (row: string[]) => row.length !== width;
      assert.deepEqual(records(calls), expected.filter((row) => !isRagged(row)));
      assert.equal(faults(calls).length, expected.filter(isRagged).length);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("csv property: the calls and the failure do not depend on how the text is split", () => {
  const unit = fc.constantFrom(
    ...["a", "bb", "1", ",", ",", '"', '"', "\n", "\n", "\r", "\r\n", "\0", "\uD800\uD800"],
    ...["\\", " ", "#", "||", "T", "sep=,\n"],
  );
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 60 }),
      cuts,
      fc.integer({ min: 1, max: 20 }),
      fc.oneof(
        fc.constantFrom<CsvOptions>({ header: false }, {}, { header: ["a", "b"] }, { quote: "" }),
        anyOptions,
      ),
      (text, cuts, maxRecordChars, options) => {
        const whole = readCsv([text], options, maxRecordChars);
        const one = readCsv([...text], options, maxRecordChars);
        const some = readCsv(cutAt(text, cuts), options, maxRecordChars);
        for (const { calls, error } of [one, some]) {
          assert.deepEqual(calls, whole.calls);
          assert.deepEqual(describe(error), describe(whole.error));
        }
      },
    ),
    { numRuns: 20_000 },
  );
});

Deno.test("csv property: without quoting, every line is reported once, in order", () => {
  const unit = fc.constantFrom("a", ",", '"', "\n", "\n", "\r\n", "\0", "\uD800\uD800");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), cuts, (text, cuts) => {
      const { calls } = readCsv(cutAt(text, cuts), { header: ["a", "b"], quote: "" }, 10);
      const lines = calls.slice(1).map((one) =>
        "fields" in one ? one.line : "fault" in one ? one.fault.line : "skip" in one ? one.skip : 0
      );
      const count = text.split("\n").length - (text === "" || text.endsWith("\n") ? 1 : 0);
      assert.deepEqual(lines, Array.from({ length: count }, (_, index) => index + 1));
    }),
    { numRuns: 5_000 },
  );
});

function describe(error: unknown): unknown {
  if (error === null) return null;
  assert.ok(error instanceof Failure, `not a failure: ${error}`);
  return [error.code, error.message, error.details];
}
