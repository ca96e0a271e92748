/**
 * What changes when a file is written or replaced. Its times can be set to anything, so they are
 * compared with each other, but never with the clock.
 */
export function signatureOf({ ino, size, mtime, ctime }: Deno.FileInfo): string {
  return `${ino} ${size} ${mtime?.getTime()} ${ctime?.getTime()}`;
}
