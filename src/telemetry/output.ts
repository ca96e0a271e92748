/** Somewhere that text goes. */
export interface TextOutput {
  /** Has written all of the text when it returns. */
  write(text: string): void;
}

interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

const encoder = new TextEncoder();
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes to a stream of the process at once: no buffer that an exit could lose.
 *
 * @example
 * ```ts
 * import { processOutput } from "./output.ts";
 * processOutput(Deno.stderr).write("here\n");
 * ```
 */
export function processOutput(stream: SyncWriter): TextOutput {
  return {
    write(text) {
      const bytes = encoder.encode(text);
      try {
        for (let done = 0; done < bytes.length;) done += writeSome(stream, bytes.subarray(done));
      } catch (error) {
        // Whoever read the logs has gone; the work itself must go on.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
  };
}

function writeSome(stream: SyncWriter, bytes: Uint8Array): number {
  try {
    return stream.writeSync(bytes);
  } catch (error) {
    // A parent may hand over a pipe that does not block: then the reader is waited for.
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(pause, 0, 0, 1);
    return 0;
  }
}
