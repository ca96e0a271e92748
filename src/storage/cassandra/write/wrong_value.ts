/** A text in a batch that is not what its column's type asks for; the message says what it should be. */
export class WrongValue extends Error {
  override readonly name = "WrongValue";
}

/** @throws {WrongValue} always */
export function wrong(what: string): never {
  throw new WrongValue(`a value is not ${what}`);
}

const latin1 = new TextDecoder("latin1");

/** The rarer types are read as a string; what is not ASCII fits none of their patterns. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return latin1.decode(bytes.subarray(start, end) as Uint8Array<ArrayBuffer>);
}
