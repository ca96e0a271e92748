import { canonicalAddress, inRanges, parseAddressRange } from "../../base/ip_address.ts";
import type { Config } from "../../config/schema.ts";
import { readForwarded } from "./forwarded.ts";

/** How a request reached the server. */
export interface Arrival {
  /** The client's network address, which can be that of a proxy that is not trusted. */
  address: string;
  /** The host that the client asked for, always with its port. */
  host: string;
  /** Scheme and host under which people reach the server: `https://intake.example.com`. */
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
 * // { address: "203.0.113.7", host: "intake.example.com:443", prefix: "",
 * //   origin: "https://intake.example.com" }
 * ```
 */
export function arrivals(
  { trusted_proxies = [], public_url = "" }: Partial<Config["server"]>,
): (request: Request, peer: string) => Arrival {
  const isTrusted = inRanges(trusted_proxies.map(parseAddressRange).filter(isRange));
  const fixed = public_url === "" ? null : new URL(public_url);
  return ({ url, headers }, peer) => {
    const forwarded = readForwarded(headers, canonicalAddress(peer) ?? peer, isTrusted);
    const reached = new URL(url);
    const scheme = forwarded.scheme ?? reached.protocol.slice(0, -1);
    const asked = new URL(`${scheme}://${forwarded.host ?? reached.host}`);
    const name = asked.hostname.replace(/\.$/, "");
    const host = `${name}:${asked.port || (scheme === "https" ? 443 : 80)}`;
    const { origin, pathname } = fixed ??
      { origin: asked.origin, pathname: forwarded.prefix ?? "" };
    return { address: forwarded.address, host, origin, prefix: pathname.replace(/\/$/, "") };
  };
}

function isRange<T>(range: T | null): range is T {
  return range !== null;
}
