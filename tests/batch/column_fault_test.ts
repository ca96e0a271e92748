import assert from "node:assert/strict";
import type { ColumnOptions, ColumnType } from "../../src/batch/column.ts";
import { columnFault } from "../../src/batch/column_fault.ts";

const FITTING: [ColumnType, ColumnOptions][] = [
  ["uuid", { null: ["-"] }],
  ["text", { trim: true, null: [""] }],
  ["decimal", { decimal: ",", group: "." }],
  ["int", { group: "'" }],
  ["list<double>", { decimal: "," }],
  ["map<text, decimal>", { decimal: ",", trim: true }],
  ["date", { format: ["DD.MM.YYYY", "DD.MM.YYYY HH:mm"] }],
  ["time", { format: "h:mm A" }],
  ["timestamp", { format: "DD.MM.YYYY HH:mm", timeZone: "Europe/Berlin", clockChange: "later" }],
  ["timestamp", { unit: "ms", timeZone: "UTC" }],
  ["boolean", { true: ["ja", "j"], false: ["nein"] }],
];

const UNFIT: [ColumnType, ColumnOptions, RegExp][] = [
  ["uuid", { decimal: "," }, /^decimal: is for decimal, double, .*, not for uuid$/],
  ["list<text>", { group: "." }, /^group: is for .*, not for list<text>$/],
  ["int", { trim: true }, /^trim: is for text, ascii, not for int$/],
  ["decimal", { group: "." }, /^group: decimal and group are both "\.": set decimal to ","/],
  ["double", { decimal: ",", group: "," }, /^group: decimal and group are both ","/],
  ["date", { timeZone: "Europe/Berlin" }, /^timeZone: is for timestamp, not for date$/],
  ["timestamp", { timeZone: "Europe/Berln" }, /^timeZone: "Europe\/Berln" is not a time zone/],
  ["timestamp", { clockChange: "later" }, /^clockChange: needs timeZone$/],
  ["timestamp", { unit: "s", format: "YYYY-MM-DD" }, /^unit: is for numbers/],
  ["timestamp", { format: "YYYY-MM-DD Z", timeZone: "Asia/Tokyo" }, /^timeZone: is not used/],
  ["date", { format: "DD.MM" }, /^format: "DD\.MM" has no token for the year$/],
  ["date", { format: "DD.MM.YYYY DD" }, /^format: "DD\.MM\.YYYY DD" has two tokens for the day$/],
  ["date", { format: "DMYYYY" }, /^format: "DMYYYY" needs a separator before "M"$/],
  ["date", { format: "dd.mm.yyyy" }, /^format: .* has the unknown token "d": write DD$/],
  ["date", { format: "DD.mm.YYYY" }, /has no token for the month/],
  ["date", { format: "DD of MM.YYYY" }, /unknown token "o": put text in brackets, such as \[o\]/],
  ["timestamp", { format: "YYYY-MM-DD HH:MM" }, /has two tokens for the month/],
  ["date", { format: "HH:mm" }, /^format: "HH:mm" has no date for a date$/],
  ["date", { format: "YYYY-MM-DD Z" }, /has an offset/],
  ["time", { format: "YYYY-MM-DD" }, /has no hour for a time/],
  ["time", { format: "YYYY-MM-DD HH" }, /has a date, but the column is a time/],
  ["time", { format: "hh:mm" }, /has h without A/],
  ["time", { format: "HH:mm A" }, /has A without h/],
  ["time", { format: "HH.SSS" }, /has no token for the second/],
  ["timestamp", { format: ["YYYY-MM-DD", "YYYY [at"] }, /has a \[ that is not closed/],
  ["boolean", { true: ["x"], false: [" X"] }, /^true: "x" means both true and false$/],
  ["boolean", { false: ["Y"] }, /^false: "y" means both true and false$/],
];

for (const [type, options] of FITTING) {
  Deno.test(`column options: ${JSON.stringify(options)} fit ${type}`, () => {
    assert.equal(columnFault(type, options), null);
  });
}

for (const [type, options, expected] of UNFIT) {
  Deno.test(`column options: ${JSON.stringify(options)} do not fit ${type}`, () => {
    const fault = columnFault(type, options);
    assert.match(`${fault?.option}: ${fault?.reason}`, expected);
  });
}
