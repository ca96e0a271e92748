import assert from "node:assert/strict";
import { join } from "node:path";
import { binary, ROOT } from "../harness/binary.ts";
import { Running } from "../harness/process.ts";
import { type Block, readDocs } from "./markdown.ts";

const DEFAULT_ADDRESS = "127.0.0.1:8080";
/** The parts of a clone that commands in the documents use. */
const OF_THE_CLONE = ["tenants", "scripts", "node_modules"];

/** A folder where the commands of a document run, set up like a clone with a build. */
class Tour implements AsyncDisposable {
  readonly dir: string;
  readonly #services: Running[] = [];
  #address = DEFAULT_ADDRESS;

  constructor() {
    this.dir = Deno.makeTempDirSync();
    for (const name of OF_THE_CLONE) Deno.symlinkSync(join(ROOT, name), join(this.dir, name));
    Deno.mkdirSync(join(this.dir, "dist"));
    Deno.symlinkSync(binary(), join(this.dir, "dist/mysimbdp"));
  }

  async follow(block: Block): Promise<void> {
    if (block.run?.background) return await this.#startServices(block);
    // The default port may be in use.
    const text = block.text.replaceAll(DEFAULT_ADDRESS, this.#address);
    await using shell = this.#start(["-euo", "pipefail", "-c", text], "bash");
    const { code } = await shell.ended();
    assert.equal(code, block.run?.exit, `${block.where}\n${shell.transcript()}`);
  }

  async #startServices({ text, where }: Block): Promise<void> {
    for (const line of text.trim().split("\n")) {
      const [program, ...args] = line.split(" ");
      assert.equal(program, "mysimbdp", where);
      const service = this.#start(args);
      this.#services.push(service);
      const ready = await service.line(args[0] === "serve" ? /^listening on / : /manage\.started/);
      this.#address = /^listening on http:\/\/(\S+)/.exec(ready)?.[1] ?? this.#address;
    }
  }

  #start(args: string[], program?: string): Running {
    const env = {
      PATH: `${join(this.dir, "dist")}:${Deno.env.get("PATH")}`,
      MYSIMBDP_SERVER_LISTEN: "127.0.0.1:0",
      MYSIMBDP_SERVER: `http://${this.#address}`,
    };
    return new Running(args, { cwd: this.dir, env }, program);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) await service.stop();
    await Deno.remove(this.dir, { recursive: true });
  }
}

for (const doc of readDocs()) {
  const marked = doc.blocks.filter((block) => block.run !== null);
  const sessions = new Set(marked.map((block) => block.run?.session));
  for (const session of sessions) {
    Deno.test(`${doc.path}: the commands of "${session}" work one after another`, async () => {
      await using tour = new Tour();
      for (const block of marked) if (block.run?.session === session) await tour.follow(block);
    });
  }
}

Deno.test("the README and each guide have commands that are run", () => {
  const run = new Set(readDocs().flatMap((doc) => doc.blocks.flatMap((b) => b.run?.session ?? [])));
  for (const session of ["tour", "accounts", "seed", "author", "api", "tenants"]) {
    assert.ok(run.has(session), session);
  }
});
