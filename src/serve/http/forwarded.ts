import { parseHost } from "../../base/host.ts";
import { canonicalAddress } from "../../base/ip_address.ts";
import { isPrefix } from "../../protocol/paths.ts";

/** What trusted proxies say about a request; null where none of them says it. */
export interface Forwarded {
  /** The client's address. */
  address: string;
  scheme: "http" | "https" | null;
  /** The host that the client asked for, with its port if it named one. */
  host: string | null;
  /** The path that a proxy has removed from the front of the request's path. */
  prefix: string | null;
}

/** Headers in which proxies say something about the client. */
export const FORWARDED = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"];

/** One hop: what a proxy wrote about the request that it received. */
type Hop = Partial<Record<string, string>>;

/** Characters and hops to read, from the right: the rest was written by nobody that is trusted. */
const MAX_CHARS = 4096;
const MAX_HOPS = 32;

/**
 * Reads `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`, and where one is missing `Forwarded`
 * (RFC 7239).
 * The client is the rightmost address that is not a trusted proxy's; what stands left of it comes
 * from the client, who can write anything. An entry that is no address ends the search: then the
 * client is the last proxy before it.
 *
 * `X-Forwarded-*` takes precedence: most proxies extend these headers and pass a `Forwarded` of
 * their client unchanged.
 *
 * @param peer the other end of the connection, as {@link canonicalAddress} returns it
 *
 * @example
 * ```ts ignore
 * const headers = new Headers({ "X-Forwarded-For": "198.51.100.9, 203.0.113.7" });
 * readForwarded(headers, "127.0.0.1", isTrusted).address; // "203.0.113.7"
 * ```
 */
export function readForwarded(
  headers: Headers,
  peer: string,
  isTrusted: (address: string) => boolean,
): Forwarded {
  if (!isTrusted(peer)) return { address: peer, scheme: null, host: null, prefix: null };
  const standard = fromRight(headers.get("Forwarded")).map(parseHop);
  const listed = (name: string) => fromRight(headers.get(name));
  const hops = headers.has("X-Forwarded-For")
    ? listed("X-Forwarded-For")
    : standard.map((hop) => hop["for"] ?? "");
  let address = peer;
  let passed = 0;
  for (const hop of hops) {
    const next = addressOf(hop);
    if (next === null) break;
    address = next;
    if (!isTrusted(address)) break;
    passed++;
  }
  /** The value that the proxy of the last hop wrote, or else the nearest one after it. */
  const said = (header: string, key: string) => {
    const values = headers.has(header) ? listed(header) : standard.map((hop) => hop[key] ?? "");
    return values.slice(0, passed + 1).findLast((value) => value !== "") ?? "";
  };
  const scheme = said("X-Forwarded-Proto", "proto").toLowerCase();
  const host = said("X-Forwarded-Host", "host");
  const prefix = said("X-Forwarded-Prefix", "").replace(/\/$/, "");
  return {
    address,
    scheme: scheme === "http" || scheme === "https" ? scheme : null,
    host: parseHost(host) === null ? null : host,
    prefix: isPrefix(prefix) ? prefix : null,
  };
}

/** The entries of a list, the last one first. A comma between quotes does not end an entry. */
function fromRight(header: string | null): string[] {
  const text = (header ?? "").slice(-MAX_CHARS);
  const entries: string[] = [];
  let end = text.length;
  let quoted = false;
  // From the right: a quote that the client did not close must not hide what the proxies added.
  for (let at = text.length - 1; at >= -1 && entries.length < MAX_HOPS; at--) {
    if (text[at] === '"') quoted = !quoted;
    if (at >= 0 && (quoted || text[at] !== ",")) continue;
    entries.push(text.slice(at + 1, end).trim());
    end = at;
  }
  return entries;
}

/** The parameters of an element of `Forwarded`, by their names in lower case; none if it is invalid. */
function parseHop(element: string): Hop {
  const hop: Hop = {};
  const parameter = /\s*([\w!#$%&'*+.^`|~-]+)=(?:"([^"\\]*)"|([^\s",;]*))\s*(?:;|$)/gy;
  while (parameter.lastIndex < element.length) {
    const [, name, quoted, bare] = parameter.exec(element) ?? [];
    if (name === undefined) return {};
    hop[name.toLowerCase()] ??= quoted ?? bare ?? "";
  }
  return hop;
}

/** The address of a node such as `192.0.2.1:80` or `[2001:db8::1]:80`; null for `unknown` and names. */
function addressOf(node: string): string | null {
  const [, v6, v4] = /^(?:\[([^\]]+)\](?::\w+)?|([\d.]+)(?::\w+)?)$/.exec(node) ?? [];
  return canonicalAddress(v6 ?? v4 ?? node);
}
