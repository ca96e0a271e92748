/** Generous, because it only makes a hanging test fail; it does not measure speed. */
export const DEADLINE_SECONDS = 120;
const POLL_MS = 25;

/**
 * Polls until a condition holds, and returns its value.
 *
 * @param what completes the sentence "it never happened that …"
 * @param look returns null, undefined or false while the condition does not hold
 * @throws {Error} after the deadline
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
