/** One value of DER, the encoding of certificates (ITU-T X.690). */
export interface DerValue {
  /** The identifier octet. */
  tag: number;
  content: Uint8Array;
  /** With identifier and length. */
  whole: Uint8Array;
}

/**
 * Reads all values in these bytes.
 * @throws {RangeError} if the bytes are not DER
 */
export function readDer(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at;
    const tag = bytes[at++] ?? 0;
    let length = bytes[at++] ?? 0;
    if (length > 0x84) throw new RangeError("too long");
    if (length >= 0x80) {
      const octets = length & 0x7f;
      length = 0;
      for (let n = 0; n < octets; n++) length = length * 256 + (bytes[at++] ?? 0);
    }
    if (at + length > bytes.length) throw new RangeError("cut off");
    values.push({
      tag,
      content: bytes.subarray(at, at + length),
      whole: bytes.subarray(start, at + length),
    });
    at += length;
  }
  return values;
}

/** Returns the text of an object identifier, such as `2.5.29.17`. */
export function oidText(content: Uint8Array): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - 40 * top, ...rest].join(".");
}

/** Returns the milliseconds of a UTCTime or GeneralizedTime (RFC 5280, 4.1.2.5). */
export function timeOf({ tag, content }: DerValue): number {
  const text = new TextDecoder().decode(content);
  const short = tag === 0x17;
  const [, year = "", month, day, hour, minute, second] =
    /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? [];
  const full = short ? Number(year) + (Number(year) < 50 ? 2000 : 1900) : Number(year);
  return Date.parse(
    `${String(full).padStart(4, "0")}-${month}-${day}T${hour}:${minute}:${second}Z`,
  );
}
