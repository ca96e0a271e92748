const START_BYTES = 64 << 10;
/** A buffer that grew beyond this is released. */
const KEPT_BYTES = 4 << 20;

/** A buffer to write values in the byte order of the native protocol, which is big-endian. */
export class CqlBytes {
  bytes = new Uint8Array(START_BYTES);
  view = new DataView(this.bytes.buffer);
  at = 0;

  /** Ensures room for `more` bytes after {@link at}; the writers below do not check it. */
  reserve(more: number): void {
    const needed = this.at + more;
    if (needed <= this.bytes.length) return;
    const before = this.bytes;
    this.#use(Math.max(needed, before.length * 2));
    this.bytes.set(before.subarray(0, this.at));
  }

  /** Starts again at the beginning. */
  clear(): void {
    this.at = 0;
    if (this.bytes.length > KEPT_BYTES) this.#use(START_BYTES);
  }

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  short(value: number): void {
    this.view.setInt16(this.at, value);
    this.at += 2;
  }

  int(value: number): void {
    this.view.setInt32(this.at, value);
    this.at += 4;
  }

  /** Writes an integer of up to 53 bits with 64 bits. */
  safeLong(value: number): void {
    this.view.setInt32(this.at, Math.floor(value / 2 ** 32));
    this.view.setUint32(this.at + 4, value % 2 ** 32 + (value < 0 ? 2 ** 32 : 0));
    this.at += 8;
  }

  long(value: bigint): void {
    this.view.setBigInt64(this.at, value);
    this.at += 8;
  }

  copy(from: Uint8Array, start: number, end: number): void {
    const { bytes, at } = this;
    // For few bytes a loop is faster than a call of set().
    if (end - start > 48) bytes.set(from.subarray(start, end), at);
    else for (let i = start, to = at; i < end; i++, to++) bytes[to] = from[i]!;
    this.at = at + end - start;
  }

  #use(size: number): void {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** A text in a batch that does not have the type of its column. */
export class WrongValue extends Error {
  override readonly name = "WrongValue";
}

/** @param what the expected value, such as "a date" */
export function wrong(what: string): never {
  throw new WrongValue(`a value is not ${what}`);
}

const latin1 = new TextDecoder("latin1");

/** Decodes a value of a rare type; characters beyond ASCII match none of their patterns. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return latin1.decode(bytes.subarray(start, end) as Uint8Array<ArrayBuffer>);
}
