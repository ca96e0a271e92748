/**
 * The parts of Cassandra's native protocol, versions 3 and 4, that {@link CqlProxy} needs.
 *
 * @module
 */

/** Names of requests by their opcodes. */
const REQUESTS: Record<number, Operation> = {
  0x01: "STARTUP",
  0x05: "OPTIONS",
  0x07: "QUERY",
  0x09: "PREPARE",
  0x0a: "EXECUTE",
  0x0b: "REGISTER",
  0x0d: "BATCH",
  0x0f: "AUTH_RESPONSE",
};
/** Newer ones put frames into envelopes. */
export const NEWEST_PROTOCOL = 4;
const ERROR = 0x00;
const RESULT = 0x08;
const PREPARED = 4;
const WRITE_TIMEOUT = 0x1100;
const LOCAL_QUORUM = 6;
const HEADER_BYTES = 9;
const WITH_WARNINGS = 0x08;
const RESPONSE = 0x80;

/** The name of a request, as the protocol has it. */
export type Operation =
  | "STARTUP"
  | "OPTIONS"
  | "QUERY"
  | "PREPARE"
  | "EXECUTE"
  | "REGISTER"
  | "BATCH"
  | "AUTH_RESPONSE";

/** One frame, with its header. */
export class Frame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get version(): number {
    return this.bytes[0]! & ~RESPONSE;
  }

  get stream(): number {
    return this.#view.getInt16(2);
  }

  /** Throws if the frame is not a request. */
  get operation(): Operation {
    const found = REQUESTS[this.bytes[4]!];
    if (found === undefined) throw new Error(`the opcode ${this.bytes[4]} is not a request`);
    return found;
  }

  /** The text of QUERY and PREPARE. */
  get cql(): string {
    return text(this.#sized(HEADER_BYTES, 4));
  }

  /** The id in EXECUTE, or of the first statement in BATCH, in hexadecimal; null if that is a text. */
  get preparedId(): string | null {
    if (this.operation === "EXECUTE") return this.#sized(HEADER_BYTES, 2).toHex();
    const [kind, first] = [this.bytes[HEADER_BYTES + 3], HEADER_BYTES + 4];
    return kind === 1 ? this.#sized(first, 2).toHex() : null;
  }

  /** The id in the answer to PREPARE, in hexadecimal; null if the answer is another one. */
  get newPreparedId(): string | null {
    if (this.bytes[4] !== RESULT) return null;
    const at = HEADER_BYTES + this.#warningBytes();
    return this.#view.getInt32(at) === PREPARED ? this.#sized(at + 4, 2).toHex() : null;
  }

  /** The frame of a QUERY with another text. */
  withCql(cql: string): Frame {
    const rest = this.bytes.subarray(HEADER_BYTES + 4 + this.#view.getInt32(HEADER_BYTES));
    const body = joined(long(cql), rest);
    return frame(this.bytes.subarray(0, 5), body);
  }

  /** The answer of a node that does not know whether a write, `CAS` or `SIMPLE`, was executed. */
  writeTimeout(kind: string): Frame {
    const message = new TextEncoder().encode("Operation timed out - received only 0 responses.");
    const body = joined(
      int32(WRITE_TIMEOUT),
      int16(message.length),
      message,
      int16(LOCAL_QUORUM),
      int32(0),
      int32(1),
      int16(kind.length),
      new TextEncoder().encode(kind),
    );
    const { stream } = this;
    return frame([this.version | RESPONSE, 0, stream >> 8, stream & 0xff, ERROR], body);
  }

  #warningBytes(): number {
    if ((this.bytes[1]! & WITH_WARNINGS) === 0) return 0;
    let at = HEADER_BYTES + 2;
    for (let left = this.#view.getUint16(HEADER_BYTES); left > 0; left--) {
      at += 2 + this.#view.getUint16(at);
    }
    return at - HEADER_BYTES;
  }

  /** Bytes after their length, which is a number of 2 or 4 bytes. */
  #sized(at: number, width: 2 | 4): Uint8Array {
    const length = width === 2 ? this.#view.getUint16(at) : this.#view.getInt32(at);
    return this.bytes.subarray(at + width, at + width + length);
  }
}

/** The frames of a connection. */
export async function* framesOf(connection: Deno.Conn): AsyncGenerator<Frame> {
  let held = new Uint8Array();
  for await (const piece of connection.readable) {
    held = held.length === 0 ? piece : joined(held, piece);
    for (;;) {
      if (held.length < HEADER_BYTES) break;
      const body = new DataView(held.buffer, held.byteOffset).getInt32(5);
      if (held.length < HEADER_BYTES + body) break;
      yield new Frame(held.slice(0, HEADER_BYTES + body));
      held = held.subarray(HEADER_BYTES + body);
    }
  }
}

/** @param head the first 5 bytes of the header */
function frame(head: ArrayLike<number>, body: Uint8Array): Frame {
  return new Frame(joined(Uint8Array.from(head), int32(body.length), body));
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function long(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return joined(int32(bytes.length), bytes);
}

function int16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

function int32(value: number): Uint8Array {
  return Uint8Array.of(value >> 24, value >> 16, value >> 8, value);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
