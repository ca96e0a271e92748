import assert from "node:assert/strict";
import { inferFiles } from "../../harness/infer.ts";

/** The key of a CSV file with this content. */
async function keyOf(content: string, name = "rows.csv") {
  const { key, proposal } = await inferFiles({ [name]: content });
  return { key, reason: proposal.key.reason };
}

Deno.test("a column is a key by its name and by being unique", async () => {
  assert.deepEqual((await keyOf("name,id\na,1\nb,2\n")).key, ["id"]);
  assert.match((await keyOf("name,id\na,1\nb,2\n")).reason, /^id is unique in all 2 records/);
  assert.deepEqual((await keyOf("id,x\n1,a\n1,b\n")).key, ["row_id"]);
  assert.deepEqual((await keyOf("id,x\n1,a\n,b\n")).key, ["row_id"]);
  assert.deepEqual((await keyOf("id,x\n1,a\n")).key, ["row_id"]);
  const uuids = "cd613e30-d8f1-4adf-91b7-584a2265b1f5,1\ncd613e30-d8f1-4adf-91b7-584a2265b1f6,2\n";
  assert.deepEqual((await keyOf(`session,n\n${uuids}`)).key, ["session"]);
  const cases = "CD613E30-D8F1-4ADF-91B7-584A2265B1F5,1\ncd613e30-d8f1-4adf-91b7-584a2265b1f5,2\n";
  assert.deepEqual((await keyOf(`session,n\n${cases}`)).key, ["row_id"]);
  const orders = "customer_id,order_id,day\n1,7,2024-01-01\n2,8,2024-01-02\n";
  assert.deepEqual((await keyOf(orders, "orders_2024.csv")).key, ["order_id"]);
  assert.deepEqual((await keyOf("zip_code,city\n00501,A\n10001,B\n", "zipcodes.csv")).key, [
    "zip_code",
  ]);
});

Deno.test("names of people, amounts, phones and free text are no keys", async () => {
  const people = "first_name,last_name,amount,note,phone number\n" +
    "Ada,Lovelace,1.5,likes to count,5551\nAlan,Turing,2.5,runs far,5552\n";
  const { key, reason } = await keyOf(people);
  assert.deepEqual(key, ["row_id"]);
  assert.match(reason, /each record gets an id of its own: no column has the name of a key/);
  assert.deepEqual((await keyOf("name,size\na,1\nb,2\n")).key, ["row_id"]);
});

Deno.test("a series is identified by what it is about, and when", async () => {
  const weather = "location,date,rain\nOslo,2024-01-01,1\nOslo,2024-01-02,2\nBergen,2024-01-01,3\n";
  const { key, reason } = await keyOf(weather);
  assert.deepEqual(key, ["location", "date"]);
  assert.match(reason, /location and date are together unique in all 3 records/);
  const sensors = "sensor_id,time,value\n1,2024-01-01T00:00Z,1\n2,2024-01-01T00:00Z,2\n";
  assert.deepEqual((await keyOf(sensors)).key, ["sensor_id", "time"]);
  const twice = "location,date,rain\nOslo,2024-01-01,1\nOslo,2024-01-01,2\n";
  assert.match((await keyOf(twice)).reason, /location and date repeat in the sample/);
});

Deno.test("the key is checked over all files, and written with its reason", async () => {
  const january = "id,n\n1,5\n2,6\n";
  const unique = await inferFiles({ "a_01.csv": january, "a_02.csv": "id,n\n3,5\n4,6\n" });
  assert.deepEqual(unique.key, ["id"]);
  assert.match(
    unique.ingest,
    /\/\/ Key: id is unique in all 4 records[^]*\n {6}partitionKey: \["id"\],/,
  );
  const repeated = await inferFiles({ "a_01.csv": january, "a_02.csv": "id,n\n2,5\n4,6\n" });
  assert.deepEqual(repeated.key, ["row_id"]);
});
