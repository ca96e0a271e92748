import { Failure } from "../../base/failure.ts";
import {
  MAX_FETCHES,
  MAX_KEY_PARTS,
  MAX_LOOKUP_KEYS,
  METHODS,
  REQUEST_LIMITS,
} from "../wire/host_request_limits.ts";
import { fetchedAnswer } from "./fetched_answer.ts";
import type {
  FoundRow,
  Grants,
  HostRequest,
  HostResponse,
  HttpRequest,
  Lookup,
} from "../wire/host_messages.ts";

/** Maximum number of rows that are cached while a file runs. */
const MAX_CACHED = 100_000;
const MAX_KEY_CHARS = 4_096;

interface Pending<Result> {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

/** A request that waits for its response. */
interface PendingFetch extends Pending<unknown> {
  url: string;
}

/** Who waits for the results of one host request, in its order. */
interface PendingResults {
  lookups: Pending<FoundRow>[][];
  fetches: PendingFetch[];
}

/** A module's requests to the host, batched so that many records share one message. */
export class HostRequests {
  readonly #grants: Grants;
  readonly #plainAnswers: boolean;
  readonly #send: (request: HostRequest) => void;
  readonly #cache = new Map<string, Promise<FoundRow>>();
  /** Lookups that were not sent yet, by table. */
  #lookups = new Map<string, { keys: Lookup["keys"]; pending: Pending<FoundRow>[] }>();
  #fetches: { request: HttpRequest; pending: PendingFetch }[] = [];
  /** Requests without a response, by id. */
  readonly #sent = new Map<number, PendingResults>();
  #nextId = 0;
  #isScheduled = false;
  /** Ends the file: the module requested something that it has no permission for. */
  fatal: Failure | null = null;

  /** @param plainAnswers whether the module expects `{ status, headers, text }` from `ctx.fetch` */
  constructor(
    grants: Grants,
    plainAnswers: boolean,
    send: (request: HostRequest) => void,
  ) {
    this.#grants = grants;
    this.#plainAnswers = plainAnswers;
    this.#send = send;
  }

  /** `ctx.lookup` */
  lookup(table: unknown, key: unknown): Promise<FoundRow> {
    if (typeof table !== "string" || !this.#grants.read.includes(table)) {
      return this.#refuse("read", table, "read the table");
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
      const group = this.#lookups.get(table) ?? { keys: [], pending: [] };
      this.#lookups.set(table, group);
      group.keys.push(parts);
      group.pending.push({ resolve, reject });
    });
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(text, row);
    this.#schedule();
    return row;
  }

  /** `ctx.fetch` */
  fetch(url: unknown, init: unknown = {}): Promise<unknown> {
    const given = String(url);
    const host = hostOf(given);
    if (host === null) {
      return Promise.reject(new Error(`"${given.slice(0, 200)}" is not an http or https URL`));
    }
    if (!this.#grants.net.some((allowed) => covers(allowed, host))) {
      return this.#refuse("net", host.name, "send requests to the host");
    }
    const request = httpRequestOf(given, init);
    if (typeof request === "string") return Promise.reject(new Error(request));
    return new Promise((resolve, reject) => {
      this.#fetches.push({ request, pending: { url: given, resolve, reject } });
      this.#schedule();
    });
  }

  /** `ctx.secret` */
  secret(name: unknown): string {
    const secrets = this.#grants.secrets;
    const key = String(name);
    if (!Object.hasOwn(secrets, key)) {
      this.#refuse("secrets", key, "use the secret").catch(() => {});
      throw new Error(this.fatal?.message);
    }
    const value = secrets[key];
    if (typeof value === "string") return value;
    this.fatal ??= new Failure(
      "refused",
      "secret-missing",
      `Cannot run the module: the secret "${key}" has no value`,
      { hint: `The operator can set it: mysimbdp manage tenant secret set NAME ${key}` },
    );
    throw new Error(this.fatal.message);
  }

  /** Settles the promises that wait for a response of the host. */
  settle({ id, lookups, fetches }: HostResponse): void {
    const sent = this.#sent.get(id);
    this.#sent.delete(id);
    sent?.lookups.forEach((pending, i) => {
      const result = lookups[i] ?? { error: "no response" };
      pending.forEach(({ resolve, reject }, k) => {
        if ("error" in result) reject(new Error(result.error));
        else resolve(harden(result.rows[k] ?? null));
      });
    });
    sent?.fetches.forEach(({ url, resolve, reject }, i) => {
      const result = fetches[i] ?? { error: "no response" };
      if ("error" in result) reject(new Error(result.error));
      else resolve(this.#plainAnswers ? harden(result) : fetchedAnswer(url, result));
    });
  }

  #refuse(member: keyof Grants, what: unknown, verb: string): Promise<never> {
    const name = String(what).slice(0, 200);
    const has = member === "secrets" ? Object.keys(this.#grants.secrets) : this.#grants[member];
    this.fatal ??= new Failure(
      "refused",
      "permission-missing",
      `Cannot run the module: it has no permission to ${verb} "${name}"`,
      {
        hint: `Set in tenant.json: "permissions": {"${member}": ${JSON.stringify([...has, name])}}`,
      },
    );
    return Promise.reject(new Error(this.fatal.message));
  }

  /** Sends the collected requests once the running code has finished or waits. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    Promise.resolve().then(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (const [table, { keys, pending }] of this.#lookups) {
      for (let at = 0; at < keys.length; at += MAX_LOOKUP_KEYS) {
        const end = at + MAX_LOOKUP_KEYS;
        const lookups = [{ table, keys: keys.slice(at, end) }];
        this.#request(lookups, [], { lookups: [pending.slice(at, end)], fetches: [] });
      }
    }
    this.#lookups = new Map();
    for (let at = 0; at < this.#fetches.length; at += MAX_FETCHES) {
      const part = this.#fetches.slice(at, at + MAX_FETCHES);
      const fetches = part.map(({ pending }) => pending);
      this.#request([], part.map(({ request }) => request), { lookups: [], fetches });
    }
    this.#fetches = [];
  }

  #request(lookups: Lookup[], fetches: HttpRequest[], pending: PendingResults): void {
    const id = this.#nextId++;
    this.#sent.set(id, pending);
    this.#send({ id, lookups, fetches });
  }
}

/** A part of a key as a JSON value. */
function plain(part: unknown): string | number | boolean | null {
  if (part === null || part === undefined) return null;
  if (typeof part === "number" || typeof part === "boolean") return part;
  return String(part instanceof Date ? part.toISOString() : part);
}

/** A URL's host and port, by pattern; the host, which sends the request, parses it properly. */
function hostOf(url: string): { name: string; port: string } | null {
  const found = /^(https?):\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(?:[/?#]|$)/i.exec(url);
  if (!found) return null;
  const [, scheme = "", name = "", port] = found;
  return { name: name.toLowerCase(), port: port ?? (/^https$/i.test(scheme) ? "443" : "80") };
}

/** Whether an entry of `net` covers a host; an entry with a port only covers that port. */
function covers(allowed: string, { name, port }: { name: string; port: string }): boolean {
  const lower = allowed.toLowerCase();
  return lower === name || lower === `${name}:${port}`;
}

/** The request to send, or an error message. Reads each value once, as it may change between reads. */
function httpRequestOf(url: string, init: unknown): HttpRequest | string {
  const { method = "GET", headers = {}, body = null } = (init ?? {}) as Record<string, unknown>;
  const verb = METHODS.find((known) => known === String(method).toUpperCase());
  if (verb === undefined) return `fetch: the method must be one of ${METHODS.join(", ")}`;
  if (typeof headers !== "object") return "fetch: headers must be an object or a list of pairs";
  const pairs = isIterable(headers) ? [...headers] : Object.entries(headers ?? {});
  const texts = pairs.map(([name, value]) => [String(name), String(value)] as const);
  const { urlChars, bodyChars, headers: most, headerNameChars, headerChars } = REQUEST_LIMITS;
  if (url.length > urlChars) return `fetch: the URL has more than ${urlChars} characters`;
  const isTooLong = texts.some(([name, value]) =>
    name.length > headerNameChars || value.length > headerChars
  );
  if (texts.length > most || isTooLong) {
    return "fetch: too many headers, or headers that are too long";
  }
  const text = body === null || body === undefined ? null : String(body);
  if (text !== null && text.length > bodyChars) {
    return `fetch: the body has more than ${bodyChars} characters`;
  }
  return { url, method: verb, headers: Object.fromEntries(texts), body: text };
}

function isIterable(value: unknown): value is Iterable<[unknown, unknown]> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}
