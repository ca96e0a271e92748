import { canonicalAddress, inRanges, parseAddressRange } from "../../base/ip_address.ts";
import type { Config } from "../../config/schema.ts";
import { readForwarded } from "./forwarded.ts";

/** How a request reached the server. */
export interface Arrival {
  /** The client's network address, which can be that of a proxy that is not trusted. */
  address: string;
  /** Scheme and host under which the client reached the server: `https://intake.example.com`. */
  origin: string;
}

/**
 * Returns what finds out how a request reached the server, once for each request. Only this believes
 * what proxies say; everything else uses {@link Arrival}.
 *
 * @example
 * ```ts ignore
 * const arrival = arrivals({ trusted_proxies: ["127.0.0.1"] });
 * arrival(request, "127.0.0.1"); // { address: "203.0.113.7", origin: "https://intake.example.com" }
 * ```
 */
export function arrivals(
  settings: Pick<Config["server"], "trusted_proxies">,
): (request: Request, peer: string) => Arrival {
  const isTrusted = inRanges(settings.trusted_proxies.map(parseAddressRange).filter(isRange));
  return ({ url, headers }, peer) => {
    const forwarded = readForwarded(headers, canonicalAddress(peer) ?? peer, isTrusted);
    const { protocol, host } = new URL(url);
    const origin = `${forwarded.scheme ?? protocol.slice(0, -1)}://${forwarded.host ?? host}`;
    return { address: forwarded.address, origin: new URL(origin).origin };
  };
}

function isRange<T>(range: T | null): range is T {
  return range !== null;
}
