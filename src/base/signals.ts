/** Windows has no SIGTERM and no SIGHUP to listen for. */
const HAS_SIGNALS = Deno.build.os !== "windows";

/**
 * Resolves at the first of these signals, or when `until` is aborted. After that the signals have
 * their usual effect again: the next one ends the process.
 */
export function signalled(signals: Deno.Signal[], until?: AbortSignal): Promise<void> {
  const known = signals.filter((signal) => HAS_SIGNALS || signal === "SIGINT");
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of known) Deno.removeSignalListener(signal, stop);
      resolve();
    };
    for (const signal of known) Deno.addSignalListener(signal, stop);
    until?.addEventListener("abort", stop, { once: true });
  });
}

/** Calls `reload` at each SIGHUP. @returns a function that stops listening */
export function onHangup(reload: () => void): () => void {
  if (!HAS_SIGNALS) return () => {};
  Deno.addSignalListener("SIGHUP", reload);
  return () => Deno.removeSignalListener("SIGHUP", reload);
}
