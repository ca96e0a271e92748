import { join } from "node:path";
import type { Content } from "./contents.ts";
import { type Customer, SEND_AGAIN } from "./customers.ts";
import type { Town } from "./town.ts";

/** An operator who moves files into staging. */
export class ByHand implements Customer {
  readonly tenant: string;
  readonly most = 400;
  readonly dir = null;
  readonly troubles = [];
  readonly #town: Town;
  readonly #unsent: Content[] = [];

  constructor(town: Town, tenant: string) {
    this.#town = town;
    this.tenant = tenant;
  }

  get unsent(): number {
    return this.#unsent.length;
  }

  /** A full disk or a folder without permission: it is tried again with the next file. */
  async add(content: Content): Promise<void> {
    this.#unsent.push(content);
    try {
      for (let next; (next = this.#unsent[0]); this.#unsent.shift()) await this.#stage(next);
    } catch (error) {
      this.#town.note(`staging by hand failed: ${error}`);
    }
  }

  async #stage({ tenant, name, bytes }: Content): Promise<void> {
    const { platform } = this.#town;
    const part = join(platform.dir, `part-${name}`);
    await Deno.writeFile(part, bytes);
    await this.#town.own(part);
    const folder = join(platform.data, "staging", tenant);
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    if (this.#town.uid !== undefined) await Deno.chown(folder, this.#town.uid, this.#town.uid);
    await Deno.rename(part, join(folder, name));
  }

  kill(): void {}

  /** Stages again what the ledger does not have, or has lost. */
  async sendAll(): Promise<boolean> {
    const { platform, contents } = this.#town;
    const output = await platform.must(
      ...["manage", "files", "--json", "--tenant", this.tenant, "--limit", "100000"],
    );
    const files = output.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const staged = await platform.list("staging", this.tenant);
    let isDone = true;
    for (const content of contents.of(this.tenant)) {
      const has = files.some((file) =>
        file.sha256 === content.sha256 && !SEND_AGAIN.test(file.reason?.code ?? "")
      );
      if (has || staged.includes(content.name)) continue;
      isDone = false;
      await this.#stage(content);
    }
    return isDone;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
