import { canonicalAddress, inRanges, parseAddressRange } from "../../base/ip_address.ts";
import type { Config } from "../../config/schema.ts";
import { readForwarded } from "./forwarded.ts";

/** How a request reached the server. */
export interface Arrival {
  /** The client's network address, which can be that of a proxy that is not trusted. */
  address: string;
  /** Scheme and host under which the client reached the server: `https://intake.example.com`. */
  origin: string;
  /** The path under which a proxy serves this server, such as `/intake`; "" for the root. */
  prefix: string;
}

/**
 * Returns what finds out how a request reached the server, once for each request. Only this believes
 * what proxies say; everything else uses {@link Arrival}.
 *
 * @example
 * ```ts ignore
 * const arrival = arrivals({ trusted_proxies: ["127.0.0.1"] });
 * arrival(request, "127.0.0.1");
 * // { address: "203.0.113.7", origin: "https://intake.example.com", prefix: "" }
 * ```
 */
export function arrivals(
  { trusted_proxies = [], public_url = "" }: Partial<Config["server"]>,
): (request: Request, peer: string) => Arrival {
  const isTrusted = inRanges(trusted_proxies.map(parseAddressRange).filter(isRange));
  const fixed = public_url === "" ? null : new URL(public_url);
  return ({ url, headers }, peer) => {
    const forwarded = readForwarded(headers, canonicalAddress(peer) ?? peer, isTrusted);
    const { address } = forwarded;
    if (fixed) return { address, origin: fixed.origin, prefix: fixed.pathname.replace(/\/$/, "") };
    const { protocol, host } = new URL(url);
    const scheme = forwarded.scheme ?? protocol.slice(0, -1);
    const { origin } = new URL(`${scheme}://${forwarded.host ?? host}`);
    return { address, origin, prefix: forwarded.prefix ?? "" };
  };
}

function isRange<T>(range: T | null): range is T {
  return range !== null;
}
