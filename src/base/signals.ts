/** Windows has no SIGTERM and no SIGHUP to listen for. */
const HAS_SIGNALS = Deno.build.os !== "windows";

/**
 * Resolves at the first of these signals. After that the signals have their usual effect again: the
 * next one ends the process.
 */
export function signalled(signals: Deno.Signal[]): Promise<void> {
  const known = signals.filter((signal) => HAS_SIGNALS || signal === "SIGINT");
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of known) Deno.removeSignalListener(signal, stop);
      resolve();
    };
    for (const signal of known) Deno.addSignalListener(signal, stop);
  });
}

/** Returns the result of work; null if `stop` resolves first, and the work's result is ignored. */
export function beforeStop<T>(work: Promise<T>, stop: Promise<void>): Promise<T | null> {
  return Promise.race([work, stop.then(() => null)]);
}

/** What a SIGHUP does: it waits for a handler until {@link onHangup} sets one. */
let handler: (() => void) | null = null;
let isHeld = false;
let isWaiting = false;

function receive(): void {
  if (handler) handler();
  else isWaiting = true;
}

/**
 * Keeps SIGHUP from ending the process, which is its usual effect. Called before anything slow; a
 * SIGHUP that arrives meanwhile is handled as soon as {@link onHangup} is called.
 */
export function holdHangup(): void {
  if (!HAS_SIGNALS || isHeld) return;
  isHeld = true;
  Deno.addSignalListener("SIGHUP", receive);
}

/** Gives SIGHUP its usual effect again, for one that has already arrived too. */
export function releaseHangup(): void {
  if (!isHeld) return;
  isHeld = false;
  Deno.removeSignalListener("SIGHUP", receive);
  if (isWaiting) Deno.kill(Deno.pid, "SIGHUP");
}

/**
 * Calls `reload` at each SIGHUP, and at once for one that has already arrived.
 * @returns a function after which SIGHUP does nothing: a stopping service does not reload
 */
export function onHangup(reload: () => void): () => void {
  holdHangup();
  handler = reload;
  if (isWaiting) reload();
  isWaiting = false;
  return () => void (handler = () => {});
}
