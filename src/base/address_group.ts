import { isIPv6 } from "node:net";

/**
 * Returns the part of an IP address that belongs to one party: a whole IPv4 address, or the first 64
 * bits of an IPv6 address (RFC 6177).
 *
 * @example
 * ```ts
 * import { addressGroup } from "./address_group.ts";
 * addressGroup("2001:db8:1:2::7"); // "2001:db8:1:2::/64"
 * addressGroup("::ffff:192.0.2.1"); // "192.0.2.1"
 * ```
 */
export function addressGroup(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (!isIPv6(plain)) return plain.slice(0, 64);
  const [head = "", tail] = plain.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill("0"), ...right];
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":") + "::/64";
}
