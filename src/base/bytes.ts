/**
 * Gives back the memory behind some bytes at once. Left to the collector it stays for as long as the
 * small object that names it, and at some hundred MB a second that is a heap of buffers. Nobody may
 * look at the bytes any more, nor at others of the same memory.
 */
export function giveBack({ buffer }: Uint8Array): void {
  // What is transferred has its old memory freed, and the new one has no bytes.
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
