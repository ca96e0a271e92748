import assert from "node:assert/strict";
import { converterOf } from "../../../src/batch/convert.ts";
import { inferFiles, type Inferred } from "../../harness/infer.ts";

/** The proposal for a column of a CSV file, and what the loader makes of its values. */
async function column(values: string[], name = "x") {
  const quoted = values.map((value) => `r,"${value}"\n`).join("");
  const inferred = await inferFiles({ "a.csv": `label,${name}\n${quoted}` });
  return {
    type: inferred.types[name],
    options: inferred.options[name],
    unsure: inferred.unsure.filter((doubt) => doubt.startsWith(`${name}:`)).join("; "),
    stored: values.map(convert(inferred, name)),
  };
}

/** The conversion of a column's values, as the proposed module has it. */
function convert({ proposal }: Inferred, name: string): (value: string) => unknown {
  const { decision } = proposal.columns.find(({ profile }) => profile.name === name)!;
  const convert = converterOf(decision.type, decision.options);
  return (value) => convert(value);
}

Deno.test("a column gets the narrowest type that fits every value", async () => {
  const { types } = await inferFiles({
    "a.csv": "i,big,dbl,dec,plz,day,at,clock,uuid,bool,text,none\n" +
      "1,3000000000,1.5,1.234567890123456789,00501,2024-03-01,2024-03-01T10:00:00Z,10:00," +
      "cd613e30-d8f1-4adf-91b7-584a2265b1f5,true,x,\n" +
      "-2,1,2,2.5,10001,2024-02-29,2024-03-01 10:00:00,23:59:59," +
      "CD613E30-D8F1-4ADF-91B7-584A2265B1F5,false,7,\n",
  });
  assert.deepEqual(types, {
    i: "int",
    big: "bigint",
    dbl: "double",
    dec: "decimal",
    plz: "text",
    day: "date",
    at: "timestamp",
    clock: "time",
    uuid: "uuid",
    bool: "boolean",
    text: "text",
    none: "text",
  });
});

Deno.test("labels made of digits are no numbers", async (t) => {
  const labels: Record<string, [name: string, values: string[]]> = {
    "exponents": ["x", ["1E5", "2E7", "31"]],
    "commit hashes": ["x", ["12e4567", "9a0b1c2", "1234567"]],
    "leading zeros": ["x", ["007", "10", "11"]],
    "a plus sign": ["x", ["+4915112345678", "4915112345679"]],
    "versions of two parts": ["x", ["1.9", "1.10", "1.11"]],
    "versions of three parts": ["x", ["1.2.3", "1.10.0"]],
    "versions by name": ["version", ["1.1", "1.2"]],
    "phones by name": ["Phone", ["5551234", "5559876"]],
    "phones by their values": ["x", ["4915112345678", "4930123456", "4989123456"]],
    "postal codes": ["Zip Code", ["10115", "80331"]],
    "account numbers": ["account_no", ["12345678", "87654321"]],
    "mixed values": ["x", ["12", "A12"]],
    "more than 64 bits": ["x", ["12345678901234567890123", "1"]],
  };
  for (const [title, [name, values]] of Object.entries(labels)) {
    await t.step(title, async () => {
      const { type, stored } = await column(values, name);
      assert.deepEqual([type, stored], ["text", values]);
    });
  }
});

Deno.test("numbers: epoch seconds stay numbers, said; ids and measures may be large", async () => {
  const epoch = await column(["1700000000", "1700000500"]);
  assert.equal(epoch.type, "bigint");
  assert.match(epoch.unsure, /type: "timestamp" and unit: "s"/);
  const ms = await column(["1700000000000", "1700000000500"], "at");
  assert.match(ms.unsure, /unit: "ms"/);
  const early = await column(["946684800000", "959817600000"], "at");
  assert.match(early.unsure, /unit: "ms"/);
  assert.equal((await column(["9000000001", "9000000002"], "user_id")).type, "bigint");
  assert.equal((await column(["9000000001", "7000000002"], "population")).type, "bigint");
  assert.equal((await column(["1.5e-05", "2.25E+03"])).type, "double");
});

Deno.test("numbers with a decimal comma and groups keep their values", async (t) => {
  const cases: [title: string, values: string[], type: string, stored: unknown[]][] = [
    ["comma", ["1,5", "12,25"], "double", [1.5, 12.25]],
    ["points between groups", ["1.234,56", "12,50"], "decimal", ["1234.56", "12.50"]],
    ["several groups", ["1.234.567", "1.234"], "int", [1234567, 1234]],
    ["English groups", ["1,234.56", "12.50"], "decimal", ["1234.56", "12.50"]],
    ["spaces", ["1 234,56", "12,50"], "decimal", ["1234.56", "12.50"]],
    ["apostrophes", ["1'234.56", "12.50"], "decimal", ["1234.56", "12.50"]],
    ["no-break spaces", ["1\u00a0234", "12"], "int", [1234, 12]],
  ];
  for (const [title, values, type, stored] of cases) {
    await t.step(title, async () => {
      const found = await column(values);
      assert.deepEqual([found.type, found.stored], [type, stored]);
    });
  }
});

Deno.test("1.234 is read as another column of the file shows it", async () => {
  const european = await inferFiles({ "a.csv": "n;m\n1.234;0,5\n2.500;12,75\n" });
  assert.deepEqual(["1.234", "2.500"].map(convert(european, "n")), [1234, 2500]);
  assert.deepEqual(["0,5", "12,75"].map(convert(european, "m")), [0.5, 12.75]);
  const english = await inferFiles({ "a.csv": "n;m\n1.234;0.5\n2.500;12.75\n" });
  assert.deepEqual(["1.234", "2.500"].map(convert(english, "n")), [1.234, 2.5]);
  const unknown = await inferFiles({ "a.csv": "n;m\n1.234;5\n2.500;6\n" });
  assert.equal(unknown.types["n"], "text");
  assert.match(unknown.unsure.join(), /n: values such as 1.234 can mean 1234 or 1.234/);
});

Deno.test("texts that mean null do not make a column a text", async () => {
  for (const token of ["NA", "N/A", "-", "null", "NaN", "\\N", "#N/A"]) {
    const { type, options, stored } = await column(["1.5", token, "2.5"]);
    assert.equal(type, "double", token);
    assert.deepEqual(options, { null: [token] });
    assert.deepEqual(stored, [1.5, null, 2.5]);
  }
  const day = await column(["2024-01-01", "n/a"]);
  assert.deepEqual([day.type, day.options], ["date", { null: ["n/a"] }]);
  const text = await column(["Berlin", "N/A"]);
  assert.deepEqual([text.type, text.options], ["text", {}]);
  assert.match(text.unsure, /"N\/A" may mean null/);
});

Deno.test("dates in the usual forms, with their format", async (t) => {
  const cases: [string[], string, string[]][] = [
    [["2015/01/01", "2015/12/31"], "YYYY/MM/DD", ["2015-01-01", "2015-12-31"]],
    [["Jan 1 2000", "Feb 13 2000"], "MMM D YYYY", ["2000-01-01", "2000-02-13"]],
    [["January 1, 2000", "March 13, 2000"], "MMMM D, YYYY", ["2000-01-01", "2000-03-13"]],
    [["01.02.2024", "13.02.2024"], "DD.MM.YYYY", ["2024-02-01", "2024-02-13"]],
    [["1.2.2024", "13.2.2024"], "D.M.YYYY", ["2024-02-01", "2024-02-13"]],
    [["1/2/2024", "13/2/2024"], "D/M/YYYY", ["2024-02-01", "2024-02-13"]],
    [["1/2/2024", "2/13/2024"], "M/D/YYYY", ["2024-01-02", "2024-02-13"]],
    [["01-Feb-2024", "13-Feb-2024"], "DD-MMM-YYYY", ["2024-02-01", "2024-02-13"]],
    [["Thu, 01 Feb 2024", "Tue, 13 Feb 2024"], "ddd, DD MMM YYYY", ["2024-02-01", "2024-02-13"]],
  ];
  for (const [values, format, stored] of cases) {
    await t.step(format, async () => {
      const found = await column(values);
      assert.deepEqual([found.type, found.options], ["date", { format }]);
      assert.deepEqual(found.stored, stored);
    });
  }
});

Deno.test("day and month that can be exchanged are left as text, and said", async () => {
  const { type, unsure } = await column(["1/2/2024", "3/4/2024"]);
  assert.equal(type, "text");
  assert.match(unsure, /its dates fit "D\/M\/YYYY" and "M\/D\/YYYY"/);
});

Deno.test("another column can show whether the day or the month comes first", async () => {
  const dayFirst = await inferFiles({ "a.csv": "a,b\n1/2/2024,13/2/2024\n3/4/2024,1/3/2024\n" });
  assert.deepEqual(dayFirst.options["a"], { format: "D/M/YYYY" });
  assert.match(dayFirst.unsure.join(), /a: its values do not show that the day comes before/);
  const monthFirst = await inferFiles({ "a.csv": "a,b\n1/2/2024,2/13/2024\n3/4/2024,1/3/2024\n" });
  assert.deepEqual(monthFirst.options["a"], { format: "M/D/YYYY" });
});

Deno.test("timestamps: format, halves of the day, zones", async () => {
  const german = await column(["01.02.2024 13:45", "13.02.2024 00:00"]);
  assert.deepEqual(german.options, { format: "DD.MM.YYYY HH:mm" });
  assert.deepEqual(german.stored, ["2024-02-01T13:45:00.000Z", "2024-02-13T00:00:00.000Z"]);
  assert.match(german.unsure, /no time zone and are read as UTC/);
  const american = await column(["1/2/2024 1:45:10 PM", "2/13/2024 12:00:00 AM"]);
  assert.deepEqual(american.options, { format: "M/D/YYYY h:mm:ss A" });
  assert.deepEqual(american.stored, ["2024-01-02T13:45:10.000Z", "2024-02-13T00:00:00.000Z"]);
  const zoned = await column(["2024-01-02T13:45:10+01:00", "2024-01-03T00:00:00Z"]);
  assert.deepEqual([zoned.type, zoned.options, zoned.unsure], ["timestamp", {}, ""]);
  const log = await column(["12/Feb/2024 10:00:00 +0100", "13/Feb/2024 10:00:00 +0100"]);
  assert.deepEqual(log.stored, ["2024-02-12T09:00:00.000Z", "2024-02-13T09:00:00.000Z"]);
});

Deno.test("timestamps as databases export them need no format", async () => {
  const { type, options, stored } = await column([
    "2024-01-02 03:04:05.123456+00",
    "2024-01-02 03:04:05 UTC",
    "20240102T030405Z",
    "2024-01-02",
  ]);
  assert.deepEqual([type, options], ["timestamp", {}]);
  assert.deepEqual(stored, [
    "2024-01-02T03:04:05.123Z",
    "2024-01-02T03:04:05.000Z",
    "2024-01-02T03:04:05.000Z",
    "2024-01-02T00:00:00.000Z",
  ]);
});

Deno.test("whole numbers that are days need a name that says so", async () => {
  const named = await column(["20240101", "20240229"], "date");
  assert.deepEqual([named.type, named.options], ["date", { format: "YYYYMMDD" }]);
  assert.equal((await column(["20240101", "20240229"], "x")).type, "int");
});

Deno.test("booleans in words", async () => {
  assert.deepEqual((await column(["ja", "Nein"])).options, { true: ["ja"], false: ["nein"] });
  assert.deepEqual((await column(["ja", "Nein"])).stored, [1, 0]);
  assert.deepEqual((await column(["yes", "no"])).options, {});
  assert.equal((await column(["N", "N"])).type, "text");
  assert.equal((await column(["M", "F"])).type, "text");
});

Deno.test("a family of measures has one type", async () => {
  const { types } = await inferFiles({
    "a.csv": "temp_1,temp_2,minimum,maximum,age\n1,1.5,2,3.5,40\n2,2.5,3,4.5,41\n",
  });
  assert.deepEqual(Object.values(types), ["double", "double", "double", "double", "int"]);
  const { ingest } = await inferFiles({ "b.csv": "min;max\n5;7,5\n6;8,1\n" });
  assert.ok(ingest.includes('min: { type: "double", decimal: "," }'), ingest);
});

Deno.test("a value that does not fit is shown, and the column is a text", async () => {
  const values = Array.from({ length: 100 }, (_, i) => String(i * 3));
  const { type, unsure } = await column([...values, "wet"]);
  assert.equal(type, "text");
  assert.match(unsure, /100 of 101 values are numbers, but not all: "wet" at line 102/);
});
