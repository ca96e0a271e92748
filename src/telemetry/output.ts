/** A destination of text. */
export interface TextOutput {
  /** Writes the whole text before it returns. */
  write(text: string): void;
}

interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

const encoder = new TextEncoder();
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes to a stream of the process without a buffer, so an exit loses nothing.
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
        // The reader of the logs is gone; the work must continue.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
  };
}

function writeSome(stream: SyncWriter, bytes: Uint8Array): number {
  try {
    return stream.writeSync(bytes);
  } catch (error) {
    // The pipe may be non-blocking: wait for its reader.
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(pause, 0, 0, 1);
    return 0;
  }
}
