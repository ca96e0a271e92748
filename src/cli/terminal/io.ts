/** An output stream of a command. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width of the terminal; 80 if there is none. */
  columns(): number;
}

/** Standard input. */
interface Input {
  readonly isTerminal: boolean;
  /** In raw mode each key arrives at once and is not echoed, and Ctrl-C is a byte. */
  setRaw(raw: boolean): void;
  /** Reads into the buffer; returns the number of bytes, null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** The streams, environment and signals of a command; tests replace them. */
export interface CommandIo {
  stdout: Output;
  stderr: Output;
  stdin: Input;
  env(name: string): string | undefined;
  /**
   * Calls back on SIGINT, SIGTERM or SIGHUP.
   * @returns removes the listener
   */
  onStop(callback: () => void): () => void;
}

/** Returns the streams, environment and signals of the process. */
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

/** Whether output to this stream can be colored (no-color.org, TERM=dumb). */
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
        // The reader has closed the pipe, as in `mysimbdp fetch | head -1`; the command continues.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
    columns() {
      try {
        // A terminal whose size was never set reports 0.
        return Deno.consoleSize().columns || 80;
      } catch {
        return 80;
      }
    },
  };
}

function onStop(callback: () => void): () => void {
  // Windows has neither SIGTERM nor SIGHUP.
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, callback);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, callback);
  };
}
