import { join } from "node:path";
import type { FileRecord } from "../../src/storage/contract.ts";
import { type ModuleFiles, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { type Result, run, type Running } from "../harness/process.ts";
import type { Attack } from "./expectations.ts";

/** Secrets that must not appear in anything that a tenant or a log can see. */
export const CANARIES = {
  environment: "canary-of-the-environment-4f1c",
  file: "canary-of-a-file-of-the-platform-9b2e",
  argument: "canary-of-an-argument-77d3",
};

const CONFIG = `[manage]
scan_seconds = 0.5
concurrency = 4
max_attempts = 2
max_rejects_kept = 2000
[sandbox]
max_output_ratio = 1000
`;
/** An attacker's file. */
const FILE = "x\n" + Array.from({ length: 10 }, (_, n) => `${n}\n`).join("");
/** Long enough for the flood of rejects. */
const LONG_FILE = "x\n" + "1\n".repeat(3_000);

const KIT = new URL("./kit.ts", import.meta.url);
const MODULES = new URL("./modules/", import.meta.url);
const TENANT = {
  entry: "ingest.ts",
  permissions: { write: ["items"], read: [], net: [] },
};

/** A platform with secrets, attackers and a good tenant. */
export class Arena implements AsyncDisposable {
  readonly platform: Platform;
  readonly canaryFile: string;
  /** The output of all deploys. */
  readonly output: string[] = [];
  readonly #env = { SECRET_OF_THE_PLATFORM: CANARIES.environment };

  private constructor(platform: Platform) {
    this.platform = platform;
    this.canaryFile = join(platform.data, "canary.json");
  }

  static async open(): Promise<Arena> {
    const arena = new Arena(await Platform.create(CONFIG));
    await Deno.writeTextFile(arena.canaryFile, JSON.stringify({ secret: CANARIES.file }));
    return arena;
  }

  /** Starts manage with secrets in its environment and its arguments. */
  manage(): Running {
    const argument = `sqlite:?${CANARIES.argument}`;
    return this.platform.start(["manage", "--storage", argument], { env: this.#env });
  }

  /** Tries to deploy an attacker's module for its own tenant. */
  async deploy(attack: Attack, tenant: string): Promise<Result> {
    const dir = await this.#moduleOf(attack);
    this.platform.addTenant(tenant);
    const args = ["manage", "tenant", "deploy", tenant, dir, "--data", this.platform.data];
    const result = await run(args, { env: this.#env });
    this.output.push(result.stdout, result.stderr);
    return result;
  }

  /** Stages an attacker's file and waits until it is settled. */
  async attack(attack: Attack, tenant: string, name: string): Promise<FileRecord> {
    const text = attack.module === "flood_rejects" ? LONG_FILE : FILE;
    await this.platform.stage(tenant, name, text);
    return await this.platform.settled(tenant, name, 120);
  }

  async #moduleOf(attack: Attack): Promise<string> {
    const source = await Deno.readTextFile(new URL(`${attack.module}.ts`, MODULES));
    const json = attack.tenantJson ?? JSON.stringify({
      ...TENANT,
      limits: { memoryMb: 256, secondsPerFile: 60, rejectShare: 1, ...attack.limits },
    });
    const files: ModuleFiles = {
      "ingest.ts": this.#filled(source),
      "kit.ts": await Deno.readTextFile(KIT),
      "tenant.json": this.#filled(json),
    };
    const dir = await writeModule(await this.platform.scratch(), files);
    for (const [name, target] of Object.entries(attack.links ?? {})) {
      await Deno.symlink(this.#filled(target), join(dir, name));
    }
    return dir;
  }

  #filled(text: string): string {
    return text.replaceAll("__CANARY_FILE__", this.canaryFile)
      .replaceAll("__DATA__", this.platform.data)
      .replaceAll("__DEEP__", () => "[".repeat(300_000) + "]".repeat(300_000))
      .replaceAll("__BIG__", () => "y".repeat(3_000_000));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.platform[Symbol.asyncDispose]();
  }
}

/** Runs `work` for each thing, `atOnce` at a time. */
export async function together<T>(
  things: readonly T[],
  atOnce: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const waiting = [...things];
  const line = async () => {
    for (let next; (next = waiting.shift()) !== undefined;) await work(next);
  };
  await Promise.all(Array.from({ length: atOnce }, line));
}
