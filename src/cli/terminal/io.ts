/** A stream that a command writes text to. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Characters in a line; 80 where there is no terminal. */
  columns(): number;
}

/** Standard input, as a prompt needs it. */
interface Input {
  readonly isTerminal: boolean;
  /** In raw mode keys come one by one, are not echoed, and Ctrl-C is a byte. */
  setRaw(raw: boolean): void;
  /** Fills the buffer with what is there; null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** The outside world of a command; tests bring their own. */
export interface CommandIo {
  stdout: Output;
  stderr: Output;
  stdin: Input;
  env(name: string): string | undefined;
  /**
   * Calls back when the user or the system asks the process to end (SIGINT, SIGTERM, SIGHUP).
   * @returns stops listening
   */
  onStop(callback: () => void): () => void;
}

/** The process's own streams, environment and signals. */
export function processIo(): CommandIo {
  return {
    stdout: outputOf(Deno.stdout),
    stderr: outputOf(Deno.stderr),
    stdin: {
      isTerminal: Deno.stdin.isTerminal(),
      setRaw: (raw) => Deno.stdin.setRaw(raw),
      read: (buffer) => Deno.stdin.read(buffer),
    },
    env: (name) => Deno.env.get(name),
    onStop,
  };
}

/** True when output to this stream may be coloured (no-color.org, TERM=dumb). */
export function mayColor(output: Output, env: CommandIo["env"], flag: boolean): boolean {
  return flag && output.isTerminal && !env("NO_COLOR") && env("TERM") !== "dumb";
}

function outputOf(stream: typeof Deno.stdout): Output {
  const encoder = new TextEncoder();
  return {
    isTerminal: stream.isTerminal(),
    write(text) {
      try {
        for (let rest = encoder.encode(text); rest.length > 0;) {
          rest = rest.subarray(stream.writeSync(rest));
        }
      } catch (error) {
        // The reader has gone, as in `mysimbdp fetch | head -1`; the work goes on without it.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
    columns() {
      try {
        // Some terminals (a pty that was never told its size) say 0.
        return Deno.consoleSize().columns || 80;
      } catch {
        return 80;
      }
    },
  };
}

function onStop(callback: () => void): () => void {
  // Windows has no SIGTERM and no SIGHUP to listen for.
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, callback);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, callback);
  };
}
