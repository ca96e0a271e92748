/** The buffer that the encoder of batches writes to, and the cursor that the decoder reads with. */

/** At the start of a batch. */
export const HEADER_BYTES = 16;
/** At the start of a column. */
export const SECTION_BYTES = 8;
/** The length of a null. */
export const NULL_LENGTH = 0xffff_ffff;
/** The length of a value that is absent, and the number in place of one. The number of a null is 0. */
export const ABSENT_LENGTH = 0xffff_fffe;
export const ABSENT_NUMBER = 1;
/** Maximum size of a batch, in bytes. */
export const MAX_BATCH_BYTES = 256 << 20;
/** A buffer that grew beyond this is released after its batch. */
const SCRATCH_KEPT_BYTES = 8 << 20;
const SCRATCH_START_BYTES = 64 << 10;

/** The bytes are not a batch for these tables: their sender is broken or hostile. */
export class BadBatch extends Error {
  override readonly name = "BadBatch";
  readonly code = "bad-batch";
}

/** A {@link BadBatch} with the name of the column. */
export function bad(column: string, state: string): BadBatch {
  return new BadBatch(`Cannot decode column "${column}" of a batch: ${state}`);
}

/** The next multiple of 8. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** The encoder's buffer, reused for each batch. */
export class Scratch {
  #buffer = new ArrayBuffer(SCRATCH_START_BYTES);
  bytes = new Uint8Array(this.#buffer);
  view = new DataView(this.#buffer);
  at = 0;

  /** Ensures room for `more` bytes after {@link at}. */
  reserve(more: number): void {
    const needed = this.at + more;
    if (needed <= this.#buffer.byteLength) return;
    if (needed > MAX_BATCH_BYTES) {
      throw new BadBatch(`Cannot encode a batch of ${needed} bytes (limit: ${MAX_BATCH_BYTES})`);
    }
    const before = this.bytes;
    this.#use(
      new ArrayBuffer(
        Math.min(padded(Math.max(needed, this.#buffer.byteLength * 2)), MAX_BATCH_BYTES),
      ),
    );
    this.bytes.set(before.subarray(0, this.at));
  }

  /** Advances {@link at} to the next multiple of 8 and zeroes the bytes between. */
  pad(): void {
    const end = padded(this.at);
    this.bytes.fill(0, this.at, end);
    this.at = end;
  }

  lengths(rows: number): Uint32Array {
    return new Uint32Array(this.#buffer, this.at, rows);
  }

  numbers(rows: number): Float64Array {
    return new Float64Array(this.#buffer, this.at, rows);
  }

  /** A copy of the written bytes; the buffer can be reused afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.at);
    this.at = 0;
    if (this.#buffer.byteLength > SCRATCH_KEPT_BYTES) {
      this.#use(new ArrayBuffer(SCRATCH_START_BYTES));
    }
    return taken;
  }

  #use(buffer: ArrayBuffer): void {
    this.#buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }
}

/** Reads the bytes of a batch, with bounds checks. */
export class Cursor {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  at = HEADER_BYTES;

  constructor(given: Uint8Array) {
    // Typed arrays must start at a multiple of 8; a frame from a stream may start anywhere.
    const bytes = given.byteOffset % 8 === 0 ? given : given.slice();
    this.bytes = bytes as Uint8Array<ArrayBuffer>;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The lengths and the bytes of a section of text or bytes. */
  payload(rows: number, column: string) {
    const size = this.section(column);
    const lengths = this.#lengths(rows, column);
    const start = this.skip(size, column);
    return { lengths, bytes: this.bytes.subarray(start, start + size) };
  }

  /** The first number of a section. */
  section(column: string): number {
    const at = this.skip(SECTION_BYTES, column);
    return this.view.getUint32(at, true);
  }

  /** Advances by `bytes` and their padding. @returns where they start */
  skip(bytes: number, column: string): number {
    const at = this.at;
    const end = at + padded(bytes);
    if (end > this.bytes.length) throw bad(column, "it ends too early");
    this.at = end;
    return at;
  }

  #lengths(rows: number, column: string): Uint32Array {
    const at = this.skip(rows * 4, column);
    return new Uint32Array(this.bytes.buffer, this.bytes.byteOffset + at, rows);
  }

  /** Checks that nothing follows the last column. */
  close(): void {
    if (this.at === this.bytes.length) return;
    throw new BadBatch("Cannot decode a batch: bytes follow its last column");
  }
}
