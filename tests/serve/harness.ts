import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Hono } from "hono";
import { type Accounts, createAccounts } from "../../src/accounts/accounts.ts";
import { hashPassword } from "../../src/accounts/password_hash.ts";
import { UsersFile } from "../../src/accounts/users.ts";
import type { Clock } from "../../src/base/clock.ts";
import type { Constraints } from "../../src/protocol/constraints.ts";
import { createApp, type ServeDeps } from "../../src/serve/app.ts";
import type { AppEnv } from "../../src/serve/http/env.ts";
import type { TelemetryEvent } from "../../src/telemetry/events.ts";
import { type Intake, type IntakeOptions, openIntake } from "../../src/staging/intake.ts";
import type { FileQuery, FileRecord, LedgerReader } from "../../src/storage/contract.ts";

/** Wide enough for tests that are not about constraints. */
export const WIDE: Constraints = { formats: [".csv"], number_files: 100, data_sizes: 1e6 };

/** An app with its own data directory. */
export interface Harness {
  app: Hono<AppEnv>;
  accounts: Accounts;
  intake: Intake;
  dataDir: string;
  events: TelemetryEvent[];
  /** The records in the ledger; tests add to them. */
  records: FileRecord[];
  /** Sends a request as a tenant. */
  send(path: string, init?: RequestInit & { as?: string }): Promise<Response>;
}

/** Runs a test on an app in process, then removes its data. */
export async function withApp(
  test: (harness: Harness) => Promise<void>,
  options: {
    app?: Partial<ServeDeps>;
    intake?: IntakeOptions;
    /** Accounts in users.json, instead of {@link fakeAccounts}. */
    passwords?: Record<string, string>;
    /** Of these accounts. */
    clock?: Clock;
  } = {},
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "mysimbdp-serve-" });
  const intake = await openIntake(dataDir, options.intake);
  const events: TelemetryEvent[] = [];
  const records: FileRecord[] = [];
  const accounts = options.passwords
    ? await realAccounts(dataDir, options.passwords, options.clock)
    : fakeAccounts();
  const stopping = new AbortController();
  const app = createApp({
    stopping: stopping.signal,
    version: "1.2.3",
    intake,
    accounts,
    operators: fakeAccounts(),
    ledger: fakeLedger(records),
    defaultConstraints: WIDE,
    emit: (event) => events.push(event),
    ...options.app,
  });
  const send: Harness["send"] = async (path, { as = "customer-1", ...init } = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("Authorization")) headers.set("Authorization", basic(as, "secret"));
    return await app.fetch(new Request(`http://localhost${path}`, { ...init, headers }));
  };
  try {
    await test({ app, accounts, intake, dataDir, events, records, send });
  } finally {
    accounts.close();
    stopping.abort();
    intake.close();
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function realAccounts(
  dataDir: string,
  passwords: Record<string, string>,
  clock?: Clock,
): Promise<Accounts> {
  const usersPath = `${dataDir}/users.json`;
  const users = new UsersFile(usersPath);
  for (const [name, password] of Object.entries(passwords)) {
    await users.add(name, await hashPassword(password));
  }
  return createAccounts({ usersPath, refusalFloorMs: 0, ...(clock && { clock }) });
}

/** Every user's password is "secret"; tokens are "token-" and the user. */
export function fakeAccounts(): Accounts {
  const tokens = new Set<string>();
  return {
    verify(user, password) {
      if (user === "slowed") return Promise.resolve({ ok: false, retryAfterSeconds: 7.2 });
      const right = { ok: true as const, tenant: user, generation: "1" };
      return Promise.resolve(password === "secret" ? right : { ok: false });
    },
    openSession(tenant) {
      tokens.add(`token-${tenant}`);
      return Promise.resolve({ token: `token-${tenant}`, expiresAt: 1_000_000 });
    },
    session: (token) => tokens.has(token) ? { tenant: token.slice("token-".length) } : null,
    closeSession: (token) => void tokens.delete(token),
    isLive: () => true,
    apiToken: () => ({ ok: false, expiredAt: null }),
    refresh: () => Promise.resolve(),
    settled: () => Promise.resolve(),
    close: () => {},
  };
}

/** A ledger in memory with the order and the filters of the real ones. */
export function fakeLedger(records: FileRecord[]): LedgerReader {
  const matches = (record: FileRecord, query: FileQuery) =>
    (["tenant", "state", "name", "sha256"] as const).every((key) =>
      query[key] === undefined || query[key] === record[key]
    ) && (query.after === undefined || record.id < query.after);
  return {
    get: (id) => Promise.resolve(records.find((record) => record.id === id) ?? null),
    list(query) {
      const found = records.filter((record) => matches(record, query));
      return Promise.resolve(found.sort((a, b) => a.id < b.id ? 1 : -1).slice(0, query.limit));
    },
    rejects(_id, after, limit) {
      const all = [1, 2, 3].map((line) => ({ line, column: null, reason: "bad", raw: `r${line}` }));
      return Promise.resolve(all.slice(after, after + limit));
    },
    counts() {
      const counts = records.map(({ tenant, state, rows }) => ({
        tenant,
        state,
        files: 1,
        stored: rows.stored,
        rejected: rows.rejected,
      }));
      return Promise.resolve(counts);
    },
    close: () => Promise.resolve(),
  };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Headers of a tus POST. */
export function creation(
  name: string,
  length: number,
  more: Record<string, string> = {},
): Record<string, string> {
  const metadata = Object.entries({ filename: name, ...more });
  return {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": String(length),
    "Upload-Metadata": metadata.map(([key, value]) => `${key} ${base64(value)}`).join(","),
  };
}

/** Headers of a tus PATCH. */
export function appending(offset: number, more: Record<string, string> = {}) {
  return {
    "Tus-Resumable": "1.0.0",
    "Upload-Offset": String(offset),
    "Content-Type": "application/offset+octet-stream",
    ...more,
  };
}

export const TUS = { "Tus-Resumable": "1.0.0" };

/** Uploads a whole file in one request (creation-with-upload). */
export function uploadWhole(
  { send }: Harness,
  name: string,
  content: string,
  more: { as?: string; metadata?: Record<string, string> } = {},
): Promise<Response> {
  const length = new TextEncoder().encode(content).length;
  return send("/v1/uploads", {
    method: "POST",
    as: more.as,
    headers: {
      ...creation(name, length, more.metadata),
      "Content-Type": "application/offset+octet-stream",
    },
    body: content,
  });
}

/** The code of a problem response. */
export async function problemCode(response: Response): Promise<string> {
  const problem = await response.json();
  return problem.type.replace("urn:mysimbdp:problem:", "");
}

/** Paths of all files below a folder, relative to it, sorted. */
export async function filesBelow(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(`${folder}/${prefix}`)) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory) found.push(...await filesBelow(folder, `${path}/`));
    else found.push(path);
  }
  return found.sort();
}

/** The staged bytes of one tenant, without the records beside them. */
export async function stagedFiles(dataDir: string, tenant: string): Promise<string[]> {
  try {
    const names = await filesBelow(`${dataDir}/staging/${tenant}`);
    return names.filter((name) => !name.startsWith("."));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
