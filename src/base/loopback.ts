/**
 * Whether an address is of this machine, so that nobody on the network can read the traffic.
 *
 * @param address a name or an IP address (IPv6 in brackets), with or without a port
 * @example
 * ```ts
 * import { isLoopback } from "./loopback.ts";
 * isLoopback("127.0.0.1:8080"); // true
 * isLoopback("127.example.com"); // false
 * ```
 */
export function isLoopback(address: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(address);
}
