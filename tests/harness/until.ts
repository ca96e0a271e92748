/** Generous: it is there to fail in place of hanging, and says nothing about speed. */
export const DEADLINE_SECONDS = 60;
const POLL_MS = 25;

/**
 * Waits until something is so, and gives what was found.
 *
 * @param what completes the sentence "it never happened that …"
 * @param look gives what is waited for; null, undefined or false while it is not so yet
 * @throws {Error} after a deadline
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  seconds = DEADLINE_SECONDS,
): Promise<NonNullable<T>> {
  const end = performance.now() + seconds * 1000;
  while (true) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`it never happened that ${what}`);
    await pause(POLL_MS);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
