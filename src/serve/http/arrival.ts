import { type Host, parseHost } from "../../base/host.ts";
import { canonicalAddress, inRanges, parseAddressRange } from "../../base/ip_address.ts";
import type { Config } from "../../config/schema.ts";
import type { Emit } from "../../telemetry/events.ts";
import { FORWARDED, readForwarded } from "./forwarded.ts";

/** Addresses of this machine and of private networks. */
const OWN_NETWORK = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1",
  "fc00::/7",
];
const isOwnNetwork = inRanges(OWN_NETWORK.map(parseAddressRange).filter(isRange));

/** How a request reached the server. */
export interface Arrival {
  /** The client's network address, which can be that of a proxy that is not trusted. */
  address: string;
  /** The host that the client asked for, always with its port; null if it is invalid. */
  host: string | null;
  /** Scheme and host under which people reach the server: `https://intake.example.com`. */
  origin: string;
  /** The path under which a proxy serves this server, such as `/intake`; "" for the root. */
  prefix: string;
}

/**
 * Returns what finds out how a request reached the server, once for each request. Only this believes
 * what proxies say; everything else uses {@link Arrival}.
 *
 * @param emit gets an event if a proxy seems to be missing in `trusted_proxies`
 * @example
 * ```ts ignore
 * const arrival = arrivals({ trusted_proxies: ["127.0.0.1"] });
 * arrival(request, "127.0.0.1");
 * // { address: "203.0.113.7", host: "intake.example.com:443", prefix: "",
 * //   origin: "https://intake.example.com" }
 * ```
 */
export function arrivals(
  { trusted_proxies = [], public_url = "" }: Partial<Config["server"]>,
  emit: Emit = () => {},
): (request: Request, peer: string) => Arrival {
  const isTrusted = inRanges(trusted_proxies.map(parseAddressRange).filter(isRange));
  const fixed = public_url === "" ? null : new URL(public_url);
  let isReported = false;
  return (request, spelledPeer) => {
    const { headers } = request;
    const peer = canonicalAddress(spelledPeer) ?? spelledPeer;
    // Anybody on the internet can send these headers; a proxy has an address of the own network.
    if (!isReported && !isTrusted(peer) && isOwnNetwork(peer) && hasForwarded(headers)) {
      isReported = true;
      emit({ kind: "proxy.untrusted", address: peer });
    }
    const forwarded = readForwarded(headers, peer, isTrusted);
    const scheme = forwarded.scheme ?? request.url.slice(0, request.url.indexOf(":"));
    const named = hostOf(request);
    const asked = named && (forwarded.host === null ? named : parseHost(forwarded.host));
    const standard = scheme === "https" ? 443 : 80;
    const host = asked && `${asked.name}:${asked.port ?? standard}`;
    const { origin } = fixed ?? new URL(`${scheme}://${host ?? "host.invalid"}`);
    const prefix = fixed?.pathname.replace(/\/$/, "") ?? forwarded.prefix ?? "";
    return { address: forwarded.address, host, origin, prefix };
  };
}

/**
 * The host of a request. The runtime joins `Host` and the path without a check, so that a host such
 * as `a/metrics?` would change the path, after a proxy has looked at it.
 */
function hostOf({ url, headers }: Request): Host | null {
  const header = headers.get("Host");
  const isValid = (header === null || parseHost(header) !== null) && URL.canParse(url);
  return isValid ? parseHost(new URL(url).host) : null;
}

function hasForwarded(headers: Headers): boolean {
  return FORWARDED.some((name) => headers.has(name));
}

function isRange<T>(range: T | null): range is T {
  return range !== null;
}
