/**
 * Releases the memory of some bytes at once. The garbage collector would release it too late at
 * hundreds of MB per second. Neither these bytes nor others of the same buffer can be used afterwards.
 */
export function releaseMemory({ buffer }: Uint8Array): void {
  // A transfer frees the old memory; the new buffer is empty.
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}

/** Returns a copy of both, one after the other. */
export function joinBytes(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
