/** An address to listen on. */
interface ListenAddress {
  /** A host name or an IP address; IPv6 without its brackets. */
  hostname: string;
  /** 0 means any free port. */
  port: number;
}

/**
 * Parses `HOST:PORT`.
 *
 * @returns null if the text is invalid
 *
 * @example
 * ```ts
 * import { parseListen } from "./listen.ts";
 * parseListen("[::1]:8080"); // { hostname: "::1", port: 8080 }
 * ```
 */
export function parseListen(text: string): ListenAddress | null {
  const [, v6, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const hostname = v6 ?? name;
  if (hostname === undefined || Number(port) > 65_535) return null;
  return { hostname, port: Number(port) };
}
