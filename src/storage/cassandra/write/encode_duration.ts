import type { CqlBytes } from "./cql_bytes.ts";
import { textOf, wrong } from "./wrong_value.ts";

const MAX_INT = 2n ** 31n - 1n;
const MAX_LONG = 2n ** 63n - 1n;
const SECOND = 1_000_000_000n;

const ISO =
  /^(-)?P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?$/;
const CQL =
  /^(-)?(?=\d)(?:(\d+)y)?(?:(\d+)mo)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?(?:(\d+)(?:us|µs))?(?:(\d+)ns)?$/i;

/** A duration in one of CQL's two notations: months, days and nanoseconds, each of variable size. */
export function writeDuration(bytes: Uint8Array, start: number, end: number, out: CqlBytes): void {
  const [months, days, nanos] = partsOf(textOf(bytes, start, end).replace("Âµ", "µ"));
  if (months > MAX_INT || days > MAX_INT || nanos > MAX_LONG) wrong("a duration that CQL can hold");
  const sign = bytes[start] === 0x2d ? -1n : 1n;
  for (const part of [months, days, nanos]) writeVint(part * sign, out);
}

type Parts = readonly [months: bigint, days: bigint, nanos: bigint];

function partsOf(text: string): Parts {
  const iso = ISO.exec(text);
  const found = iso ?? CQL.exec(text);
  if (found === null) return wrong("a duration");
  const n = (group: number) => BigInt(found[group] ?? 0);
  const seconds = n(6) * 3600n + n(7) * 60n + n(8);
  const fraction = iso
    ? BigInt((found[9] ?? "").padEnd(9, "0"))
    : n(9) * 1_000_000n + n(10) * 1_000n + n(11);
  return [n(2) * 12n + n(3), n(4) * 7n + n(5), seconds * SECOND + fraction];
}

/** A signed number zigzagged; as many leading ones as bytes follow the first. */
function writeVint(value: bigint, out: CqlBytes): void {
  const unsigned = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let extra = 0;
  while (extra < 8 && unsigned >> BigInt(7 * (extra + 1)) > 0n) extra++;
  const ones = extra === 8 ? 0xff : (0xff << (8 - extra)) & 0xff;
  const top = extra === 8 ? 0 : Number(unsigned >> BigInt(8 * extra));
  out.byte(ones | top);
  for (let i = extra - 1; i >= 0; i--) out.byte(Number((unsigned >> BigInt(8 * i)) & 0xffn));
}
