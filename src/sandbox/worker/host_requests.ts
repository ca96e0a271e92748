import { Failure } from "../../base/failure.ts";
import {
  MAX_FETCHES,
  MAX_KEY_PARTS,
  MAX_LOOKUP_KEYS,
  METHODS,
  REQUEST_LIMITS,
} from "../wire/host_limits.ts";
import type { Answer, Ask, FoundRow, Grants, Incoming, Outgoing } from "../wire/host_messages.ts";

/** Rows that are remembered while a file runs. */
const MAX_CACHED = 100_000;
const MAX_KEY_CHARS = 4_096;

interface Waiting<Result> {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

/** What a module asks of the host: collected for a moment, so that many records make one message. */
export class HostRequests {
  readonly #grants: Grants;
  readonly #send: (ask: Ask) => void;
  readonly #cache = new Map<string, Promise<FoundRow>>();
  /** By table, then by key: records that ask for the same row wait together. */
  #lookups = new Map<string, { keys: unknown[][]; waiting: Waiting<FoundRow>[] }>();
  #fetches: { outgoing: Outgoing; waiting: Waiting<Incoming> }[] = [];
  readonly #asked = new Map<
    number,
    { lookups: Waiting<FoundRow>[][]; fetches: Waiting<Incoming>[] }
  >();
  #nextId = 0;
  #isDue = false;
  /** What ends the file: the module has asked for something that it may not have. */
  fatal: Failure | null = null;

  constructor(grants: Grants, send: (ask: Ask) => void) {
    this.#grants = grants;
    this.#send = send;
  }

  /** `ctx.lookup` */
  lookup(table: unknown, key: unknown): Promise<FoundRow> {
    if (typeof table !== "string" || !this.#grants.read.includes(table)) {
      return this.#refuse("read", "read", table, "read the table");
    }
    const parts = (Array.isArray(key) ? key : [key]).map(plain);
    const text = JSON.stringify([table, parts]);
    if (text.length > MAX_KEY_CHARS) return Promise.reject(new Error("a key is too long"));
    if (parts.length === 0 || parts.length > MAX_KEY_PARTS) {
      return Promise.reject(new Error(`a key has 1 to ${MAX_KEY_PARTS} values`));
    }
    const known = this.#cache.get(text);
    if (known) return known;
    const row = new Promise<FoundRow>((resolve, reject) => {
      const group = this.#lookups.get(table) ?? { keys: [], waiting: [] };
      this.#lookups.set(table, group);
      group.keys.push(parts);
      group.waiting.push({ resolve, reject });
    });
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(text, row);
    this.#soon();
    return row;
  }

  /** `ctx.fetch` */
  fetch(url: unknown, init: unknown = {}): Promise<Incoming> {
    const given = String(url);
    const host = hostOf(given);
    if (host === null) return Promise.reject(new Error(`"${given.slice(0, 200)}" is no URL`));
    if (!this.#grants.net.some((allowed) => covers(allowed, host))) {
      return this.#refuse("net", "net", host.name, "reach the host");
    }
    const outgoing = outgoingOf(given, init);
    if (typeof outgoing === "string") return Promise.reject(new Error(outgoing));
    return new Promise<Incoming>((resolve, reject) => {
      this.#fetches.push({ outgoing, waiting: { resolve, reject } });
      this.#soon();
    });
  }

  /** `ctx.secret` */
  secret(name: unknown): string {
    const secrets = this.#grants.secrets;
    const key = String(name);
    if (!Object.hasOwn(secrets, key)) {
      this.#refuse("secrets", "secrets", key, "use the secret").catch(() => {});
      throw new Error(this.fatal?.message);
    }
    const value = secrets[key];
    if (typeof value === "string") return value;
    this.fatal ??= new Failure(
      "refused",
      "secret-missing",
      `Cannot run the module: the platform has given it no value for "${key}"`,
      { hint: `The platform's operator sets it: mysimbdp manage tenant secret set NAME ${key}` },
    );
    throw new Error(this.fatal.message);
  }

  /** Hands an answer of the host to those who wait for it. */
  answer({ id, lookups, fetches }: Answer): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    asked?.lookups.forEach((waiting, i) => {
      const result = lookups[i] ?? { error: "no answer" };
      waiting.forEach(({ resolve, reject }, k) => {
        if ("error" in result) reject(new Error(result.error));
        else resolve(harden(result.rows[k] ?? null));
      });
    });
    asked?.fetches.forEach(({ resolve, reject }, i) => {
      const result = fetches[i] ?? { error: "no answer" };
      if ("error" in result) reject(new Error(result.error));
      else resolve(harden(result));
    });
  }

  #refuse(
    member: "read" | "net" | "secrets",
    kind: string,
    what: unknown,
    verb: string,
  ): Promise<never> {
    const name = String(what).slice(0, 200);
    const has = member === "secrets" ? Object.keys(this.#grants.secrets) : this.#grants[member];
    this.fatal ??= new Failure(
      "refused",
      "permission-missing",
      `Cannot run the module: it may not ${verb} "${name}"`,
      { hint: `Set in tenant.json: "permissions": {"${kind}": ${JSON.stringify([...has, name])}}` },
    );
    return Promise.reject(new Error(this.fatal.message));
  }

  /** Sends what has come together when all that runs now has come to a stop. */
  #soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    Promise.resolve().then(() => {
      this.#isDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (const [table, { keys, waiting }] of this.#lookups) {
      for (let at = 0; at < keys.length; at += MAX_LOOKUP_KEYS) {
        const part = keys.slice(at, at + MAX_LOOKUP_KEYS) as Ask["lookups"][number]["keys"];
        const lookups = [waiting.slice(at, at + MAX_LOOKUP_KEYS)];
        this.#ask({ lookups: [{ table, keys: part }], fetches: [] }, { lookups, fetches: [] });
      }
    }
    this.#lookups = new Map();
    for (let at = 0; at < this.#fetches.length; at += MAX_FETCHES) {
      const part = this.#fetches.slice(at, at + MAX_FETCHES);
      const fetches = part.map(({ waiting }) => waiting);
      const outgoing = part.map((one) => one.outgoing);
      this.#ask({ lookups: [], fetches: outgoing }, { lookups: [], fetches });
    }
    this.#fetches = [];
  }

  #ask(
    ask: Omit<Ask, "id">,
    waiting: { lookups: Waiting<FoundRow>[][]; fetches: Waiting<Incoming>[] },
  ): void {
    const id = this.#nextId++;
    this.#asked.set(id, waiting);
    this.#send({ id, ...ask });
  }
}

/** A part of a key as JSON can carry it. */
function plain(part: unknown): string | number | boolean | null {
  if (part === null || part === undefined) return null;
  if (typeof part === "number" || typeof part === "boolean") return part;
  return String(part instanceof Date ? part.toISOString() : part);
}

/** The host of a URL and its port, by pattern: the compartment's Worker has no need of more. */
function hostOf(url: string): { name: string; port: string } | null {
  const found = /^(https?):\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(?:[/?#]|$)/i.exec(url);
  if (!found) return null;
  const [, scheme = "", name = "", port] = found;
  return { name: name.toLowerCase(), port: port ?? (/^https$/i.test(scheme) ? "443" : "80") };
}

/** Whether an entry of `net` covers a host: with a port, only that one. */
function covers(allowed: string, { name, port }: { name: string; port: string }): boolean {
  const lower = allowed.toLowerCase();
  return lower === name || lower === `${name}:${port}`;
}

/** A request as the host takes it; a sentence where it would not. Each value is looked at once. */
function outgoingOf(url: string, init: unknown): Outgoing | string {
  const { method = "GET", headers = {}, body = null } = (init ?? {}) as Record<string, unknown>;
  const verb = METHODS.find((known) => known === String(method));
  if (verb === undefined) return `fetch: the method must be one of ${METHODS.join(", ")}`;
  if (typeof headers !== "object") return "fetch: headers must be an object";
  const texts = Object.entries(headers ?? {}).map(([name, value]) =>
    [name, String(value)] as const
  );
  const { urlChars, bodyChars, headers: most, headerNameChars, headerChars } = REQUEST_LIMITS;
  if (url.length > urlChars) return `fetch: the address has more than ${urlChars} characters`;
  const isTooLong = texts.some(([name, value]) =>
    name.length > headerNameChars || value.length > headerChars
  );
  if (texts.length > most || isTooLong) return "fetch: the headers are too many or too long";
  const text = body === null || body === undefined ? null : String(body);
  if (text !== null && text.length > bodyChars) {
    return `fetch: the body has more than ${bodyChars} characters`;
  }
  return { url, method: verb, headers: Object.fromEntries(texts), body: text };
}
