import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { run } from "../harness/process.ts";
import { Platform, type Server } from "../harness/platform.ts";

/** A running platform with an operator and customers that use the example modules. */
export interface Stage extends AsyncDisposable {
  platform: Platform;
  server: Server;
  /** The password of the operator `admin`. */
  password: string;
}

/** Starts `serve` and `manage` on a new data directory. */
export async function openStage(customers = ["customer-1"]): Promise<Stage> {
  const platform = await Platform.create();
  await Deno.remove(join(platform.data, "admins.json"));
  const made = await run(["manage", "init", "--json", "--data", platform.data]);
  const { password } = JSON.parse(made.stdout);
  for (const customer of customers) {
    await platform.must("manage", "tenant", "add", customer, "-p", `password-${customer.at(-1)}`);
    await platform.must("manage", "tenant", "deploy", customer, join(ROOT, "tenants", customer));
  }
  const server = await platform.serve();
  platform.manage();
  return {
    platform,
    server,
    password,
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}
