import assert from "node:assert/strict";
import { join } from "node:path";
import { binary } from "../harness/binary.ts";
import { between, noise, rounds, sha256 } from "../harness/chance.ts";
import { Platform } from "../harness/platform.ts";
import { Running } from "../harness/process.ts";
import { asCustomer, type Customer } from "../harness/tus.ts";
import { until } from "../harness/until.ts";

const KILLS = rounds(15);
const MB = 1024 * 1024;

interface Unfinished {
  id: string;
  offset: number;
}

/** The customer's unfinished uploads, by HTTP. */
async function unfinished(customer: Customer): Promise<Unfinished[]> {
  const answer = await asCustomer(customer, "/v1/uploads");
  return (await answer.json()).uploads;
}

/** The bytes of an upload on the server's disk. */
function storedBytes(platform: Platform, id: string): number {
  try {
    return Deno.statSync(join(platform.data, "uploads", id)).size;
  } catch {
    return 0;
  }
}

/** Waits until the server has noticed that the sender is gone; the offset is final then. */
async function standing(customer: Customer, platform: Platform): Promise<Unfinished> {
  return await until("the upload came to rest", async () => {
    const [first] = await unfinished(customer);
    if (!first) return null;
    const bytes = storedBytes(platform, first.id);
    const [second] = await unfinished(customer);
    return first.offset === bytes && second?.offset === bytes ? first : null;
  });
}

Deno.test(`fetch: ${KILLS} SIGKILLs during one upload, which resumes each time`, async () => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  const { url } = await platform.serve();
  const customer = { url, user: "customer-1", password: "password-1" };
  const dir = await platform.scratch();
  const bytes = noise((KILLS + 4) * 16 * MB);
  await Deno.writeFile(join(dir, "big.csv"), bytes);
  const args = ["fetch", "-u", "customer-1", "-p", "password-1", "-d", dir, "--server", url];
  const start = () => platform.own(new Running([...args, "--json"], {}, binary()));

  let last: Unfinished = { id: "", offset: 0 };
  for (let kill = 0; kill < KILLS; kill++) {
    const fetching = start();
    const enough = last.offset + between(1, 8 * MB);
    await until("some more has arrived", async () => {
      assert.equal(fetching.hasEnded, false, fetching.transcript());
      const id = last.id || (await unfinished(customer))[0]?.id;
      if (!id) return false;
      const stored = storedBytes(platform, id);
      assert.ok(stored >= last.offset, `${stored} bytes are left of ${last.offset}`);
      return stored >= enough;
    });
    fetching.kill();
    await fetching.ended();
    const now = await standing(customer, platform);
    if (last.id) assert.equal(now.id, last.id, "a new upload was begun");
    assert.ok(now.offset >= enough && now.offset < bytes.length, `${now.offset}`);
    last = now;
  }
  const fetching = start();
  assert.equal((await fetching.ended()).code, 0, fetching.transcript());
  const [line] = fetching.stdout.lines.map((text) => JSON.parse(text));
  assert.equal(line.status, "sent");
  assert.equal(line.resumedFrom, last.offset);
  assert.equal(line.id, last.id, "the first run's upload became the file");
  const staged = await Deno.readFile(join(platform.data, "staging/customer-1", last.id));
  assert.equal(sha256(staged), sha256(bytes));
  assert.equal((await platform.list("staging/customer-1")).length, 2);
  assert.deepEqual(await platform.list("uploads"), []);
});
