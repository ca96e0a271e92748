import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../base/failure.ts";
import { orNull, writeDurably } from "../data/durable.ts";
import { withModuleLock } from "./lock.ts";

const secretsSchema = z.record(z.string(), z.string());
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const MAX_CHARS = 16 * 1024;

/** The secrets that operators set for tenants' modules: one file per tenant, mode 0600. */
export class TenantSecrets {
  readonly #folder: string;

  /** @param folder `DATA/secrets` */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns a tenant's secrets by name. */
  async of(tenant: string): Promise<Record<string, string>> {
    const text = await orNull(Deno.readTextFile(this.#path(tenant)));
    return text === null ? {} : secretsSchema.parse(JSON.parse(text));
  }

  /** @throws {Failure} `bad-secret` */
  async set(tenant: string, name: string, value: string): Promise<void> {
    if (!NAME.test(name)) {
      throw bad(name, "a name has 1 to 64 letters, digits and _, and starts with a letter");
    }
    if (value === "" || value.length > MAX_CHARS) {
      throw bad(name, `a value has 1 to ${MAX_CHARS} characters`);
    }
    await this.#change(tenant, (secrets) => ({ ...secrets, [name]: value }));
  }

  /** @throws {Failure} `bad-secret` when it is not set */
  async remove(tenant: string, name: string): Promise<void> {
    await this.#change(tenant, ({ [name]: gone, ...rest }) => {
      if (gone === undefined) throw bad(name, "it is not set");
      return rest;
    });
  }

  async #change(
    tenant: string,
    edit: (secrets: Record<string, string>) => Record<string, string>,
  ): Promise<void> {
    await withModuleLock(this.#folder, async () => {
      const next = edit(await this.of(tenant));
      await writeDurably(this.#path(tenant), JSON.stringify(next));
    });
  }

  #path(tenant: string): string {
    return join(this.#folder, `${tenant}.json`);
  }
}

function bad(name: string, state: string): Failure {
  const text = `Cannot use the secret ${JSON.stringify(name)}: ${state}`;
  return new Failure("usage", "bad-secret", text);
}
