/** Windows has no SIGTERM and no SIGHUP to listen for. */
const HAS_SIGNALS = Deno.build.os !== "windows";

function known(signals: readonly Deno.Signal[]): Deno.Signal[] {
  return signals.filter((signal) => HAS_SIGNALS || signal === "SIGINT");
}

/** A signal that waits until somebody handles it. */
interface Held {
  hasArrived: boolean;
  receive(): void;
}

const held = new Map<Deno.Signal, Held>();

/**
 * Keeps SIGHUP, SIGTERM and SIGINT from ending the process, which is their usual effect. Called before
 * anything slow; one that arrives meanwhile is handled as soon as {@link signalled} or
 * {@link onHangup} listens.
 */
export function holdSignals(): void {
  for (const signal of known(["SIGHUP", "SIGTERM", "SIGINT"])) {
    if (held.has(signal)) continue;
    const waiting: Held = { hasArrived: false, receive: () => void (waiting.hasArrived = true) };
    held.set(signal, waiting);
    Deno.addSignalListener(signal, waiting.receive);
  }
}

/** Holds a signal no longer. @returns whether it has arrived */
function take(signal: Deno.Signal): boolean {
  const waiting = held.get(signal);
  if (!waiting) return false;
  held.delete(signal);
  Deno.removeSignalListener(signal, waiting.receive);
  return waiting.hasArrived;
}

/** Gives the signals their usual effect again, for those that have already arrived too. */
export function releaseSignals(): void {
  for (const signal of [...held.keys()]) {
    if (take(signal)) Deno.kill(Deno.pid, signal);
  }
}

/**
 * Resolves at the first of these signals. After that the signals have their usual effect again: the
 * next one ends the process.
 */
export function signalled(signals: readonly Deno.Signal[]): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of known(signals)) Deno.removeSignalListener(signal, stop);
      resolve();
    };
    for (const signal of known(signals)) Deno.addSignalListener(signal, stop);
    if (known(signals).map(take).includes(true)) stop();
  });
}

/**
 * Calls `reload` at each SIGHUP, and at once for one that has already arrived.
 * @returns a function after which SIGHUP does nothing: a stopping service does not reload
 */
export function onHangup(reload: () => void): () => void {
  if (!HAS_SIGNALS) return () => {};
  let handle = reload;
  Deno.addSignalListener("SIGHUP", () => handle());
  if (take("SIGHUP")) reload();
  return () => void (handle = () => {});
}

/** Returns the result of work; null if `stop` resolves first, and the work's result is ignored. */
export function beforeStop<T>(work: Promise<T>, stop: Promise<void>): Promise<T | null> {
  return Promise.race([work, stop.then(() => null)]);
}
