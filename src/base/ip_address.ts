import { BlockList, isIP } from "node:net";

/** Addresses from `address` on that share its first `bits` bits; one address has all its bits. */
export interface AddressRange {
  /** As {@link canonicalAddress} returns it. */
  address: string;
  bits: number;
}

const MAPPED = "::ffff:";

/**
 * Returns an IP address in its only spelling, so that two equal addresses are equal texts: IPv6
 * compressed and in lower case (RFC 5952), IPv4 in IPv6 (`::ffff:192.0.2.1`) as IPv4.
 *
 * @returns null if the text is not an IP address; one with a zone (`fe80::1%eth0`) is not
 *
 * @example
 * ```ts
 * import { canonicalAddress } from "./ip_address.ts";
 * canonicalAddress("2001:DB8::0:1"); // "2001:db8::1"
 * canonicalAddress("::ffff:192.0.2.1"); // "192.0.2.1"
 * ```
 */
export function canonicalAddress(text: string): string | null {
  if (isIP(text) === 4) return text;
  if (isIP(text) !== 6 || text.includes("%")) return null;
  const compressed = new URL(`http://[${text}]`).hostname.slice(1, -1);
  if (!compressed.startsWith(MAPPED)) return compressed;
  const [high = 0, low = 0] = compressed.slice(MAPPED.length).split(":").map((part) =>
    parseInt(part, 16)
  );
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/**
 * Parses an IP address, or a range in CIDR notation (RFC 4632).
 *
 * @returns null if the text is neither
 *
 * @example
 * ```ts
 * import { parseAddressRange } from "./ip_address.ts";
 * parseAddressRange("10.0.0.0/8"); // { address: "10.0.0.0", bits: 8 }
 * ```
 */
export function parseAddressRange(text: string): AddressRange | null {
  const [, spelled = "", length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = canonicalAddress(spelled);
  if (address === null) return null;
  const all = isIP(address) === 4 ? 32 : 128;
  const mappedBits = all === 32 && spelled.includes(":") ? 96 : 0;
  const bits = length === undefined ? all : Number(length) - mappedBits;
  return bits >= 0 && bits <= all ? { address, bits } : null;
}

/**
 * Returns whether an address, as {@link canonicalAddress} returns it, is in one of the ranges.
 *
 * @example
 * ```ts
 * import { inRanges } from "./ip_address.ts";
 * inRanges([{ address: "10.0.0.0", bits: 8 }])("10.1.2.3"); // true
 * ```
 */
export function inRanges(ranges: readonly AddressRange[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, bits } of ranges) list.addSubnet(address, bits, familyOf(address));
  return (address) => list.check(address, familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
