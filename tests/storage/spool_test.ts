import assert from "node:assert/strict";
import { Spool } from "../../src/storage/cassandra/spool.ts";
import { noise } from "../harness/chance.ts";

Deno.test("spool: chunks in memory and on disk are the same when several are read at once", async () => {
  const folder = await Deno.makeTempDir();
  const spool = new Spool(folder, 0);
  // The first 16 MiB stay in memory.
  const chunks = Array.from({ length: 60 }, (_, i) => noise((i + 1) * 17_000));
  try {
    for (const chunk of chunks) await spool.add(chunk);
    assert.deepEqual([...Deno.readDirSync(folder)], [], "the file has no name");
    const order = [...chunks.keys()].reverse();
    const read = await Promise.all([...order, ...order].map((index) => spool.get(index)));
    for (const [i, bytes] of read.entries()) {
      const index = order[i % order.length]!;
      assert.deepEqual(bytes, chunks[index], `chunk ${index}`);
    }
    await assert.rejects(spool.get(chunks.length), RangeError);
  } finally {
    spool.close();
    await Deno.remove(folder, { recursive: true });
  }
});
