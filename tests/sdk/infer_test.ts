import assert from "node:assert/strict";
import { join } from "node:path";
import { inferModule } from "../../src/sdk/author/infer.ts";
import { sniffFormat } from "../../src/sdk/author/sniff.ts";
import { sample } from "../harness/binary.ts";

async function inferText(name: string, content: string) {
  const dir = await Deno.makeTempDir();
  try {
    const path = join(dir, name);
    await Deno.writeTextFile(path, content);
    const { ingest, tables, profile } = await inferModule(path);
    const types = Object.fromEntries(profile.columns.map(({ name, type }) => [name, type]));
    const key = /partitionKey: \["(\w+)"\]/.exec(ingest)?.[1];
    return { ingest, tables, types, key };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a column gets the narrowest type that fits every value", async () => {
  const { types } = await inferText(
    "a.csv",
    "i,big,dbl,dec,zip,day,at,time,uuid,bool,text,none\n" +
      "1,3000000000,1.5,1.234567890123456789,00501,2024-03-01,2024-03-01T10:00:00Z,10:00," +
      "cd613e30-d8f1-4adf-91b7-584a2265b1f5,true,x,\n" +
      "-2,1,2,2.0,10001,2024-02-29,2024-03-01 10:00:00,23:59:59," +
      "CD613E30-D8F1-4ADF-91B7-584A2265B1F5,no,7,\n" +
      ",,,,,,,,,,,\n",
  );
  assert.deepEqual(types, {
    i: "int",
    big: "bigint",
    dbl: "double",
    dec: "decimal",
    zip: "text",
    day: "date",
    at: "timestamp",
    time: "time",
    uuid: "uuid",
    bool: "boolean",
    text: "text",
    none: "text",
  });
});

Deno.test("the key is a unique column, preferably one with the name of a key", async () => {
  assert.equal((await inferText("a.csv", "name,id\na,1\nb,2\n")).key, "id");
  assert.equal((await inferText("a.csv", "name,size\na,1.5\nb,1.5\n")).key, "name");
  assert.equal((await inferText("a.csv", "name,size\na,1.5\na,2.5\n")).key, "row_id");
  assert.equal((await inferText("a.csv", "id,x\n1,a\n,b\n")).key, "x");
});

Deno.test("JSON Lines: numbers, numeric texts, nested values, missing members", async () => {
  const { types, ingest } = await inferText(
    "a.jsonl",
    '{"n":1,"s":"12","o":{"a":[1]},"b":true}\n' +
      '{"n":9007199254740993123,"s":"13","late":1.5,"b":false}\n',
  );
  assert.deepEqual(types, { n: "bigint", s: "text", o: "text", b: "boolean", late: "double" });
  assert.match(ingest, /asText\(record\["o"\]\)/);
  assert.match(ingest, /files: "\*\.jsonl"/);
});

Deno.test("names become unique identifiers", async () => {
  const { ingest, tables } = await inferText(
    "2024 Größe.csv",
    '"Größe in m","groesse in m","1st","a b","a-b"\n1,2,3,4,5\n',
  );
  assert.deepEqual(tables, ["c_2024_gro_e"]);
  for (const name of ["gro_e_in_m", "groesse_in_m", "c_1st", "a_b", "a_b_2"]) {
    assert.match(ingest, new RegExp(`^ +${name}: "int",$`, "m"));
  }
});

Deno.test("delimiter and header are detected from the first lines", () => {
  const options = (text: string) => sniffFormat(text, "utf-8").options;
  assert.deepEqual(options("a,b\n1,2\n"), { header: true });
  assert.deepEqual(options("a;b\n1,5;2\n3,5;4\n"), { header: true, delimiter: ";" });
  assert.deepEqual(options("a\tb\n1\t2\n"), { header: true, delimiter: "\t" });
  assert.deepEqual(options('a|b\n"x|y"|2\n'), { header: true, delimiter: "|" });
  assert.deepEqual(options("1,2\n3,4\n"), { header: false });
  assert.deepEqual(options("a,a\n3,4\n"), { header: false });
  assert.equal(sniffFormat('{"a":1}\n', "utf-8").kind, "jsonl");
  assert.equal(sniffFormat('[\n{"a":1}]', "utf-8").kind, "json");
});

Deno.test("airports.csv: the IATA code is the key", async () => {
  const { profile, ingest } = await inferModule(sample("airports.csv"));
  assert.equal(profile.records, 3376);
  assert.match(ingest, /partitionKey: \["iata"\]/);
});
