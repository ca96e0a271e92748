import fc from "fast-check";
import { converterOf } from "../../../src/batch/convert.ts";
import { ColumnProfile } from "../../../src/sdk/author/profile/column_profile.ts";
import { decide } from "../../../src/sdk/author/column_decision.ts";
import { identifier } from "../../../src/sdk/author/module_text.ts";
import { styleOfFile } from "../../../src/sdk/author/profile/number_profile.ts";
import { KeySet } from "../../../src/sdk/author/key/set.ts";

const two = (n: number) => String(n).padStart(2, "0");
const day = fc.date({
  min: new Date("0101-01-01"),
  max: new Date("9998-12-31"),
  noInvalidDate: true,
});
const places = fc.integer({ min: 0, max: 4 });
const number = fc.double({ min: -1e9, max: 1e9, noNaN: true });
const english = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });
const german = new Intl.NumberFormat("de-DE", { maximumFractionDigits: 3 });
const french = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 2 });

/** Values as files have them. */
const value = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc.tuple(number, places).map(([n, digits]) => n.toFixed(digits)),
  number.map((n) => english.format(n)),
  number.map((n) => german.format(n)),
  number.map((n) => french.format(n)),
  number.map(String),
  day.map((d) => d.toISOString()),
  day.map((d) => d.toISOString().slice(0, 10)),
  day.map((d) => d.toISOString().slice(0, 19).replace("T", " ")),
  day.map((d) => d.toUTCString()),
  day.map((d) => `${d.getUTCDate()}/${d.getUTCMonth() + 1}/${d.getUTCFullYear()}`),
  day.map((d) =>
    `${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())}/${two(d.getUTCFullYear() % 100)}`
  ),
  day.map((d) => d.toISOString().slice(11, 19)),
  fc.constantFrom("NA", "-", "", " ", "true", "no", "ja", "1E5", "007", "+49", "1.10", "1.9"),
  fc.string(),
);
/** A column mixes few kinds of values. */
const column = fc.array(value, { minLength: 1, maxLength: 4 }).chain((seeds) =>
  fc.array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 12 })
).filter((values) => values.some((text) => text.trim() !== ""));

Deno.test("a proposed column reads all values that it was proposed from", () => {
  fc.assert(
    fc.property(fc.oneof(column, fc.array(value, { minLength: 1, maxLength: 3 })), (values) => {
      const profile = new ColumnProfile("x");
      values.forEach((text, i) => profile.text(text, i + 1));
      const styles = [styleOfFile([profile.numbers]), null] as const;
      for (const [style, dayFirst] of [[styles[0], true], [null, null], [null, false]] as const) {
        const { type, options } = decide(profile, {
          style,
          dayFirst,
          isText: true,
          isDecimal: true,
        });
        const convert = converterOf(type, options);
        for (const text of values) convert(text);
      }
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("a column of one kind of numbers keeps their values", () => {
  const groups = fc.array(number, { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(groups, fc.constantFrom("en-US", "de-DE"), (numbers, locale) => {
      const format = new Intl.NumberFormat(locale, {
        minimumFractionDigits: 2,
        maximumFractionDigits: 2,
      });
      const profile = new ColumnProfile("x");
      const texts = numbers.map((n) => format.format(n));
      texts.forEach((text, i) => profile.text(text, i + 1));
      const facts = {
        style: styleOfFile([profile.numbers]),
        dayFirst: null,
        isText: true,
        isDecimal: true,
      };
      const { type, options } = decide(profile, facts);
      const convert = converterOf(type, options);
      return texts.every((text, i) =>
        Number(convert(text)) === Number(numbers[i]!.toFixed(2)) ||
        Math.abs(Number(convert(text)) - numbers[i]!) <= 0.0051
      );
    }),
  );
});

Deno.test("a set of keys finds what repeats, and nothing else", () => {
  const keys = fc.array(fc.string({ maxLength: 6 }), { maxLength: 200 });
  fc.assert(
    fc.property(keys, (all) => {
      const expected = new Set<string>();
      const set = new KeySet();
      return all.every((key) => set.add(key) === (!expected.has(key) && !!expected.add(key))) &&
        set.size === expected.size;
    }),
  );
  const many = new KeySet();
  for (let i = 0; i < 200_000; i++) if (!many.add(`key ${i}`)) throw new Error(`key ${i}`);
});

Deno.test("names are valid and different, whatever the file has", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 80 })), (names) => {
      const taken = new Set<string>();
      const made = names.map((name, i) => identifier(name, `column_${i + 1}`, taken));
      return new Set(made).size === names.length &&
        made.every((name) => /^[a-z][a-z0-9_]{0,47}$/.test(name));
    }),
  );
});
