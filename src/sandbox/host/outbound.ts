import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import process from "node:process";
import type { Incoming, Outgoing } from "../wire/host_messages.ts";

/** Finds the addresses of a name. */
type Resolve = (name: string) => Promise<string[]>;

export interface OutboundOptions {
  /** Hosts, with or without a port, that the operator lets modules reach; "*" is any. */
  hosts: readonly string[];
  /** Of these, hosts that may have private addresses. */
  privateHosts: readonly string[];
  /** Seconds for one request, from the name to the last byte. */
  seconds: number;
  /** The most bytes of an answer. */
  maxBytes: number;
  /** The most requests of one file. */
  maxRequests: number;
  /** @default the system's resolver */
  resolve?: Resolve;
}

const NOT_PUBLIC = { ipv4: notPublic4(), ipv6: notPublic6() };
/** What of an answer's headers a module may see. */
const SHOWN = ["content-type", "etag", "last-modified", "location", "retry-after", "link"];
/** Headers that belong to the connection and not to the module. */
const KEPT_BACK =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|expect)$|^(proxy|sec)-/i;

/**
 * HTTP for modules, for the length of one file. A name is resolved once, all its addresses are
 * checked, and the connection goes to one that was: a name that leads elsewhere a moment later
 * (DNS rebinding) gains nothing. Redirects are not followed: the module sees them and may ask anew.
 */
export class Outbound {
  readonly #options: OutboundOptions;
  #requests = 0;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  /**
   * @param declared hosts of the module's tenant.json
   * @returns the answer, or what is wrong in words for the module
   */
  async request(
    outgoing: Outgoing,
    declared: readonly string[],
  ): Promise<Incoming | { error: string }> {
    const { maxRequests, hosts } = this.#options;
    const url = URL.canParse(outgoing.url) ? new URL(outgoing.url) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password) {
      return { error: "Cannot fetch: it is no http or https address without a user" };
    }
    const refused = (why: string) => ({ error: `Cannot fetch from "${url.host}": ${why}` });
    if (!covers(declared, url)) return refused("tenant.json does not name this host");
    if (!covers(hosts, url)) {
      return refused("the platform does not allow this host (modules.net_hosts)");
    }
    if (++this.#requests > maxRequests) {
      return refused(`more than ${maxRequests} requests for one file`);
    }
    const signal = AbortSignal.timeout(this.#options.seconds * 1000);
    try {
      const address = await this.#address(url, signal);
      if (address === null) return refused("its name leads to no public address");
      return await this.#send(outgoing, url, address, signal, refused);
    } catch (error) {
      const late = error instanceof DOMException && error.name === "TimeoutError";
      return refused(
        late ? `it took longer than ${this.#options.seconds} seconds` : "it does not answer",
      );
    }
  }

  /** An address to connect to; null where one of them is not public and must be. */
  async #address(url: URL, signal: AbortSignal): Promise<string | null> {
    const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const resolve = this.#options.resolve ?? systemResolve;
    const addresses = isIP(name) ? [name] : await beforeAbort(resolve(name), signal);
    const mayBePrivate = covers(this.#options.privateHosts, url);
    if (!mayBePrivate && addresses.some((address) => !isPublic(address))) return null;
    return addresses[0] ?? null;
  }

  async #send(
    { method, headers, body }: Outgoing,
    url: URL,
    address: string,
    signal: AbortSignal,
    refused: (why: string) => { error: string },
  ): Promise<Incoming | { error: string }> {
    const { maxBytes } = this.#options;
    // It dials this address whatever the name says now; TLS still asks for the name's certificate.
    const proxy = { transport: "tcp", hostname: address, port: portOf(url) };
    using client = Deno.createHttpClient({ proxy } as unknown as Deno.CreateHttpClientOptions);
    const response = await fetch(url, {
      client,
      method,
      headers: Object.entries(headers).filter(([name]) => !KEPT_BACK.test(name)),
      body: method === "GET" || method === "HEAD" ? null : body,
      redirect: "manual",
      signal,
    });
    const bytes = await readAtMost(response, maxBytes);
    if (bytes === null) return refused(`its answer has more than ${maxBytes / 1024} KB`);
    const shown = SHOWN.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    const text = new TextDecoder().decode(bytes);
    return { status: response.status, headers: Object.fromEntries(shown), text };
  }
}

/** Whether one of the entries names the URL's host, and its port where the entry has one. */
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

/** What `work` comes to, unless the time is over before. */
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
  // The runtime's own resolver warns on the terminal of a module that it uses inside.
  Object.assign(process, { noDeprecation: true });
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** True for an address that anybody on the internet may have. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const kind = family === 6 ? "ipv6" : "ipv4";
  return !NOT_PUBLIC[kind].check(address, kind);
}

/** The special-purpose registries of IANA, and what leads into them by translation. */
function notPublic4(): BlockList {
  const nets: [string, number][] = [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 3],
  ];
  const list = new BlockList();
  for (const [net, bits] of nets) list.addSubnet(net, bits, "ipv4");
  return list;
}

/**
 * What of IPv6 is not public within 2000::/3, which is all that was ever given out. A list of its
 * own: an IPv4 address would be looked up as one mapped to IPv6.
 */
function notPublic6(): BlockList {
  const nets: [string, number][] = [
    ["2001::", 23],
    ["2001:db8::", 32],
    ["2002::", 16],
    ["3fff::", 20],
    // All around 2000::/3: loopback, IPv4 by mapping or translation, private, link-local, multicast.
    ["::", 3],
    ["4000::", 2],
    ["8000::", 1],
  ];
  const list = new BlockList();
  for (const [net, bits] of nets) list.addSubnet(net, bits, "ipv6");
  return list;
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > maxBytes) return null;
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
