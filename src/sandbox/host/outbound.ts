import { Buffer } from "node:buffer";
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import process from "node:process";
import type { HttpRequest, HttpResponse } from "../wire/host_messages.ts";

/** Resolves a host name to its addresses. */
type Resolve = (name: string) => Promise<string[]>;

export interface OutboundOptions {
  /** Hosts, with or without a port, that the run can reach; "*" allows all. */
  hosts: readonly string[];
  /** Why other hosts are refused, for the module's author. */
  whyNot: string;
  /** Those of {@link hosts} that may have private addresses. */
  privateHosts: readonly string[];
  /** Seconds for one request, from resolving the name to the last byte. */
  seconds: number;
  /** Maximum size of a response, in bytes. */
  maxBytes: number;
  /** Maximum number of requests for one file. */
  maxRequests: number;
  /** @default the system's resolver */
  resolve?: Resolve;
}

/** Two lists, because a BlockList also checks an IPv4 address as one mapped to IPv6. */
const NOT_PUBLIC = {
  // IANA's special-purpose ranges, and those that are translated to them.
  ipv4: blockList(
    "ipv4",
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 " +
      "192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 " +
      "224.0.0.0/3",
  ),
  // Exceptions within 2000::/3, the only range ever assigned, and everything outside it: loopback,
  // mapped or translated IPv4, private, link-local, multicast.
  ipv6: blockList("ipv6", "2001::/23 2001:db8::/32 2002::/16 3fff::/20 ::/3 4000::/2 8000::/1"),
};
/** The response headers that a module may see. */
const VISIBLE_HEADERS = [
  "content-type",
  "etag",
  "last-modified",
  "location",
  "retry-after",
  "link",
];
/** Request headers that a module must not set: they belong to the connection. */
const FORBIDDEN_HEADERS =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|expect)$|^(proxy|sec)-/i;

/**
 * Sends HTTP requests for modules, while one file runs. A name is resolved once, all its addresses
 * are checked, and the connection goes to a checked one, which defeats DNS rebinding. Redirects are
 * not followed: the module sees them and can request the new URL.
 */
export class Outbound {
  readonly #options: OutboundOptions;
  #requests = 0;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  /**
   * @param declared the hosts in the module's tenant.json
   * @returns the response, or an error message for the module
   */
  async request(
    request: HttpRequest,
    declared: readonly string[],
  ): Promise<HttpResponse | { error: string }> {
    const { maxRequests, hosts, whyNot } = this.#options;
    const url = URL.parse(request.url);
    if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password) {
      return { error: "Cannot fetch: the URL must use http or https, without a user name" };
    }
    const refused = (why: string) => ({ error: `Cannot fetch from "${url.host}": ${why}` });
    if (!covers(declared, url)) return refused('"net" in tenant.json does not include this host');
    if (!covers(hosts, url)) return refused(whyNot);
    if (++this.#requests > maxRequests) {
      return refused(`more than ${maxRequests} requests for one file`);
    }
    const signal = AbortSignal.timeout(this.#options.seconds * 1000);
    try {
      const address = await this.#address(url, signal);
      if (address === null) return refused("its name has no public address");
      return await this.#send(request, url, address, signal, refused);
    } catch (error) {
      const isLate = error instanceof DOMException && error.name === "TimeoutError";
      return refused(
        isLate ? `it took longer than ${this.#options.seconds} seconds` : "it does not respond",
      );
    }
  }

  /** An address to connect to; null if one of the addresses is not public but must be. */
  async #address(url: URL, signal: AbortSignal): Promise<string | null> {
    const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const resolve = this.#options.resolve ?? systemResolve;
    const addresses = isIP(name) ? [name] : await beforeAbort(resolve(name), signal);
    const mayBePrivate = covers(this.#options.privateHosts, url);
    if (!mayBePrivate && addresses.some((address) => !isPublic(address))) return null;
    return addresses[0] ?? null;
  }

  async #send(
    { method, headers, body }: HttpRequest,
    url: URL,
    address: string,
    signal: AbortSignal,
    refused: (why: string) => { error: string },
  ): Promise<HttpResponse | { error: string }> {
    const { maxBytes } = this.#options;
    // Connects to this address, whatever the name resolves to now. TLS still checks the name.
    const proxy = { transport: "tcp", hostname: address, port: portOf(url) };
    using client = Deno.createHttpClient({ proxy } as unknown as Deno.CreateHttpClientOptions);
    const response = await fetch(url, {
      client,
      method,
      headers: Object.entries(headers).filter(([name]) => !FORBIDDEN_HEADERS.test(name)),
      body: method === "GET" || method === "HEAD" ? null : body,
      redirect: "manual",
      signal,
    });
    const bytes = await readAtMost(response, maxBytes);
    if (bytes === null) return refused(`its response has more than ${maxBytes / 1024} KB`);
    const shown = VISIBLE_HEADERS.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    const text = new TextDecoder().decode(bytes);
    return { status: response.status, headers: Object.fromEntries(shown), text };
  }
}

/** Whether an entry matches the URL's host, and its port if the entry has one. */
function covers(entries: readonly string[], url: URL): boolean {
  const withPort = `${url.hostname}:${portOf(url)}`;
  return entries.some((entry) => {
    const lower = entry.toLowerCase();
    return lower === "*" || lower === url.hostname || lower === withPort;
  });
}

function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === "https:" ? 443 : 80));
}

/** The result of `work`, unless the signal aborts first. */
async function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>();
  const end = () => over.reject(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function systemResolve(name: string): Promise<string[]> {
  // The runtime's resolver would print a deprecation warning of its own on the terminal.
  Object.assign(process, { noDeprecation: true });
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Whether an address is on the public internet. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const kind = family === 6 ? "ipv6" : "ipv4";
  return !NOT_PUBLIC[kind].check(address, kind);
}

/** A list of address ranges, written as `10.0.0.0/8` with spaces between them. */
function blockList(family: "ipv4" | "ipv6", ranges: string): BlockList {
  const list = new BlockList();
  for (const range of ranges.split(" ")) {
    const [net = "", bits] = range.split("/");
    list.addSubnet(net, Number(bits), family);
  }
  return list;
}

/** The bytes of a response; null if it has more than `maxBytes`. */
async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > maxBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
