import assert from "node:assert/strict";
import { join } from "node:path";
import { between, noise, rounds, sha256 } from "../harness/chance.ts";
import { Platform, type Server } from "../harness/platform.ts";
import { binary } from "../harness/binary.ts";
import { Running } from "../harness/process.ts";
import { pause, until } from "../harness/until.ts";

const KILLS = rounds(15);
const FILES_A_ROUND = 2;
const USERS = ["customer-1", "customer-2"];
const WATCH_MS = 3;

/** Checks every file as soon as it appears in staging: it must be complete. */
class Watcher {
  readonly faults: string[] = [];
  readonly #seen = new Set<string>();
  readonly #staging: string;
  readonly #over: Promise<void>;
  #ending = false;

  constructor(data: string) {
    this.#staging = join(data, "staging");
    this.#over = this.#watch();
  }

  get count(): number {
    return this.#seen.size;
  }

  async end(): Promise<void> {
    this.#ending = true;
    await this.#over;
    this.#look();
  }

  async #watch(): Promise<void> {
    while (!this.#ending) {
      this.#look();
      await pause(WATCH_MS);
    }
  }

  #look(): void {
    for (const user of USERS) {
      const folder = join(this.#staging, user);
      for (const name of namesIn(folder)) {
        const path = join(folder, name);
        if (name.startsWith(".") || this.#seen.has(path)) continue;
        this.#seen.add(path);
        const fault = faultOf(folder, name);
        if (fault) this.faults.push(`${path}: ${fault}`);
      }
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Compares a file in staging with the record beside it; returns what differs. */
function faultOf(folder: string, id: string): string | null {
  try {
    const record = JSON.parse(Deno.readTextFileSync(join(folder, `.${id}.json`)));
    const bytes = Deno.readFileSync(join(folder, id));
    if (bytes.length !== record.size) return `${bytes.length} of ${record.size} bytes`;
    return sha256(bytes) === record.sha256 ? null : "other bytes than its record says";
  } catch (error) {
    return String(error);
  }
}

/** A customer: the directory that it sends, and the server's answer for each file. */
interface Sender {
  user: string;
  dir: string;
  hashes: Map<string, string>;
  acknowledged: Map<string, string>;
}

async function addFiles({ dir, hashes }: Sender): Promise<void> {
  for (let n = 0; n < FILES_A_ROUND; n++) {
    const name = `${hashes.size}.csv`;
    // One file in one request, one in pieces.
    const bytes = noise(Math.round(n === 0 ? between(1, 1e6) : between(5e6, 25e6)));
    await Deno.writeFile(join(dir, name), bytes);
    hashes.set(name, sha256(bytes));
  }
}

/** Starts fetch; its output has a line for each acknowledged file. */
function startFetch(platform: Platform, { user, dir }: Sender, url: string): Running {
  const password = user.replace("customer", "password");
  const args = ["fetch", "-u", user, "-p", password, "-d", dir, "--server", url, "--json"];
  return platform.own(new Running(args, {}, binary()));
}

function noteAcknowledged({ acknowledged }: Sender, fetching: Running): void {
  for (const text of fetching.stdout.lines) {
    const line = JSON.parse(text);
    if (line.type === "file" && line.status === "sent") acknowledged.set(line.name, line.id);
  }
}

/** Waits until bytes are being sent, however long the programs took to start. */
async function somewhereInUpload(platform: Platform, fetches: Running[]): Promise<void> {
  await until("an upload has begun", async () => {
    const hasBegun = (await platform.list("uploads")).length > 0;
    return hasBegun || fetches.every((each) => each.hasEnded);
  });
  await pause(between(0, 50));
}

Deno.test(`serve: ${KILLS} SIGKILLs during uploads: no partial file is visible, no acknowledged file is lost`, async () => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  const senders: Sender[] = [];
  for (const user of USERS) {
    await platform.constrain(user, { number_files: 100_000 });
    const dir = await platform.scratch();
    senders.push({ user, dir, hashes: new Map(), acknowledged: new Map() });
  }
  let server: Server = await platform.serve();
  const { url } = server;
  const watcher = new Watcher(platform.data);
  let interrupted = 0;
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      for (const sender of senders) await addFiles(sender);
      const fetches = senders.map((sender) => startFetch(platform, sender, url));
      if (kill % 2 === 0) await pause(between(100, 900));
      else await somewhereInUpload(platform, fetches);
      server.process.kill();
      await server.process.ended();
      if ((await platform.list("uploads")).length > 0) interrupted++;
      server = await platform.serve(new URL(url).host);
      // Sometimes the client is killed too; otherwise it resumes.
      if (kill % 5 === 4) fetches.forEach((fetching) => fetching.kill());
      for (const [n, fetching] of fetches.entries()) {
        const { code, signal } = await fetching.ended();
        // 4: the server was killed before the first response; the next run sends the rest.
        assert.ok(code === 0 || code === 4 || signal !== null, fetching.transcript());
        noteAcknowledged(senders[n] ?? assert.fail(), fetching);
      }
    }
    for (const sender of senders) {
      const last = startFetch(platform, sender, url);
      assert.equal((await last.ended()).code, 0, last.transcript());
      noteAcknowledged(sender, last);
    }
  } finally {
    await watcher.end();
  }
  assert.deepEqual(watcher.faults, []);
  assert.ok(interrupted > 0, "no kill happened during an upload");
  for (const { user, hashes, acknowledged } of senders) {
    const folder = join(platform.data, "staging", user);
    for (const [name, id] of acknowledged) {
      assert.equal(sha256(await Deno.readFile(join(folder, id))), hashes.get(name), name);
    }
    const staged = namesIn(folder).filter((name) => !name.startsWith("."));
    const records = staged.map((id) =>
      JSON.parse(Deno.readTextFileSync(join(folder, `.${id}.json`)))
    );
    assert.deepEqual(
      records.map(({ name, sha256 }) => [name, sha256]).sort(),
      [...hashes].sort(),
      "each file exists once",
    );
    assert.ok(records.every(({ version }) => version === 1));
  }
  assert.equal(watcher.count, USERS.length * KILLS * FILES_A_ROUND);
  assert.deepEqual(await platform.list("uploads"), []);
});
