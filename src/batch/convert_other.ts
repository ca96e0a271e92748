/**
 * Converts uuids, IP addresses and bytes.
 *
 * @module
 */
import type { Value } from "./column.ts";
import { fault } from "../sdk/values/value_fault.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function uuid(value: unknown): Value {
  if (typeof value === "string") {
    if (UUID.test(value)) return value;
    const lower = value.trim().toLowerCase();
    if (lower === "") return null;
    if (UUID.test(lower)) return lower;
  } else if (value === null || value === undefined) return null;
  return fault(value, "a uuid");
}

export function timeuuid(value: unknown): Value {
  const converted = uuid(value);
  if (typeof converted === "string" && converted[14] !== "1") fault(value, "a version 1 uuid");
  return converted;
}

const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6_GROUPS = /^[0-9a-f]{1,4}(:[0-9a-f]{1,4})*$/i;

export function inet(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value !== "string") return fault(value, "an IP address");
  const address = value.trim();
  if (address === "") return null;
  if (IPV4.test(address) || isIpv6(address)) return address.toLowerCase();
  return fault(value, "an IP address");
}

function isIpv6(address: string): boolean {
  const lastColon = address.lastIndexOf(":");
  if (lastColon < 0) return false;
  let rest = address;
  if (address.includes(".")) {
    if (!IPV4.test(address.slice(lastColon + 1))) return false;
    rest = `${address.slice(0, lastColon)}:0:0`;
  }
  const halves = rest.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) =>
    half === "" ? 0 : IPV6_GROUPS.test(half) ? half.split(":").length : 99
  );
  const count = groups.reduce((sum, n) => sum + n, 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

/** Hexadecimal bytes, with `0x` as in CQL or `\x` as in exports of PostgreSQL. */
const HEX = /^(?:0x|\\x)((?:[0-9a-f]{2})*)$/i;

export function blob(value: unknown): Value {
  if (value === null || value === undefined || value === "") return null;
  if (value instanceof Uint8Array) return value.slice();
  const hex = typeof value === "string" ? HEX.exec(value)?.[1] : undefined;
  if (hex === undefined) return fault(value, "a blob (0x and hexadecimal digits)");
  return Uint8Array.fromHex(hex);
}
