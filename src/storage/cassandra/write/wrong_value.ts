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
