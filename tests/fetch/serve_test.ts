import assert from "node:assert/strict";
import { createHash, pbkdf2Sync } from "node:crypto";
import { join } from "node:path";
import { createData } from "../../src/data/data_directory.ts";
import { Layout } from "../../src/data/layout.ts";
import { ApiClient } from "../../src/fetch/client.ts";
import type { FetchEvent } from "../../src/fetch/events.ts";
import { fetchOnce, type RunOptions } from "../../src/fetch/run.ts";
import { FlakyProxy } from "./flaky_proxy.ts";
import { noise, outcomeOf, TempDir } from "./setup.ts";

// The client against the real server, a process that can be killed.

const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;
const USER = "customer-1";
const PASSWORD = "password-1";
const MIB = 1024 * 1024;

/** `mysimbdp serve` with its own data directory. */
class Serve implements AsyncDisposable {
  readonly data = new TempDir();
  #child: Deno.ChildProcess | null = null;
  #log: Promise<void> = Promise.resolve();
  port = 0;

  static async start(constraints: Record<string, unknown>): Promise<Serve> {
    const serve = new Serve();
    await createData(new Layout(serve.data.path));
    await serve.data.write("users.json", JSON.stringify({ [USER]: seedHash(PASSWORD) }));
    await Deno.mkdir(join(serve.data.path, "constraints"));
    const limits = { formats: [".csv"], number_files: 10, data_sizes: 100_000, ...constraints };
    await serve.data.write(join("constraints", `${USER}.json`), JSON.stringify(limits));
    await serve.run();
    return serve;
  }

  async run(): Promise<void> {
    const args = ["run", "-A", MAIN, "serve", "--data", this.data.path];
    args.push("--listen", `127.0.0.1:${this.port}`);
    const options = { args, stdin: "null", stdout: "piped", stderr: "null" } as const;
    this.#child = new Deno.Command(Deno.execPath(), options).spawn();
    const listening = Promise.withResolvers<number>();
    this.#log = this.#read(this.#child.stdout, listening.resolve)
      .finally(() => listening.reject(new Error("the server ended")));
    this.port = await listening.promise;
  }

  async kill(signal: Deno.Signal): Promise<void> {
    this.#child?.kill(signal);
    await this.#child?.status;
    await this.#log;
    this.#child = null;
  }

  /** The SHA-256 of each file in staging. */
  async staged(): Promise<string[]> {
    const found: string[] = [];
    const dir = join(this.data.path, "staging", USER);
    for await (const { name } of Deno.readDir(dir)) {
      if (!name.startsWith(".")) found.push(sha256(await Deno.readFile(join(dir, name))));
    }
    return found.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGTERM");
    await this.data[Symbol.asyncDispose]();
  }

  async #read(stdout: ReadableStream<Uint8Array>, onPort: (port: number) => void): Promise<void> {
    let text = "";
    for await (const part of stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      const port = /^listening on http:\/\/[^:]+:(\d+)$/m.exec(text)?.[1];
      if (port) onPort(Number(port));
    }
  }
}

/** A PBKDF2 hash in the format of the first version of the platform. */
function seedHash(password: string): string {
  const salt = "5a".repeat(32);
  return salt + pbkdf2Sync(password, salt, 100_000, 64, "sha512").toString("hex");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function run(port: number, dir: TempDir, options: Partial<RunOptions> = {}) {
  const events: FetchEvent[] = [];
  using client = new ApiClient({
    server: `http://127.0.0.1:${port}`,
    user: USER,
    password: PASSWORD,
  });
  const summary = await fetchOnce({
    client,
    dir: dir.path,
    signal: new AbortController().signal,
    retries: { attempts: 400, firstDelay: 20, longestDelay: 500 },
    ...options,
    emit(event) {
      events.push(event);
      options.emit?.(event);
    },
  });
  return { events, summary, outcome: (name: string) => outcomeOf(events, name) };
}

Deno.test("the real server: constraints, upload, the same file again, new content", async () => {
  await using serve = await Serve.start({ number_files: 3, data_sizes: 6 * 1024 });
  await using dir = new TempDir();
  const large = noise(6 * MIB);
  await dir.write("small.csv", "a,b\n1,2\n");
  await dir.write("large.CSV", large);
  await dir.write("over.csv", noise(6 * MIB + 1));
  await dir.write("notes.txt", "1");
  await dir.write("größe.csv", "1\n");
  await dir.write("zz.csv", "one too many");
  const first = await run(serve.port, dir);
  assert.equal(first.outcome("small.csv"), "sent");
  assert.equal(first.outcome("large.CSV"), "sent");
  assert.equal(first.outcome("größe.csv"), "sent");
  assert.equal(first.outcome("over.csv"), "refused file-too-large");
  assert.equal(first.outcome("notes.txt"), "refused format-not-allowed");
  assert.equal(first.outcome("zz.csv"), "refused too-many-files");
  const expected = [large, new TextEncoder().encode("a,b\n1,2\n"), new TextEncoder().encode("1\n")];
  assert.deepEqual(await serve.staged(), expected.map(sha256).sort());

  await dir.write("small.csv", "a,b\n3,4\n");
  const second = await run(serve.port, dir);
  assert.equal(second.outcome("large.CSV"), "skipped already-there");
  assert.equal(second.outcome("small.csv"), "sent");
  assert.equal(second.outcome("zz.csv"), "sent");
  assert.equal((await serve.staged()).length, 5);
});

Deno.test("the real server with connections that are cut", async () => {
  await using serve = await Serve.start({});
  await using proxy = new FlakyProxy(serve.port, [300_000, 3_000_000, 700, 5_000_000, 1_500_000]);
  await using dir = new TempDir();
  const content = noise(20 * MIB);
  await dir.write("a.csv", content);
  const port = Number(new URL(proxy.url).port);
  const { outcome, events } = await run(port, dir);
  assert.equal(outcome("a.csv"), "sent");
  assert.ok(events.some((event) => event.type === "retrying"));
  assert.deepEqual(await serve.staged(), [sha256(content)]);
});

Deno.test("the real server is killed during an upload and restarts: the file arrives", async () => {
  await using serve = await Serve.start({});
  await using dir = new TempDir();
  const content = noise(40 * MIB);
  await dir.write("a.csv", content);
  await dir.write("b.csv", "1\n");
  let killed: Promise<void> | null = null;
  const { summary, events } = await run(serve.port, dir, {
    emit(event) {
      if (event.type !== "progress" || event.offset < 8 * MIB) return;
      killed ??= serve.kill("SIGKILL").then(() => serve.run());
    },
  });
  await killed;
  assert.ok(killed, "it was killed");
  assert.equal(summary.sent, 2);
  const again = events.filter((event) => event.type === "sending" && event.name === "a.csv");
  assert.ok(again.length > 1, "it was taken up again");
  assert.deepEqual(
    await serve.staged(),
    [content, new TextEncoder().encode("1\n")].map(sha256).sort(),
  );
});
