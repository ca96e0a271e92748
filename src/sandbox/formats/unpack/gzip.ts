import { createGunzip, type Gunzip } from "node:zlib";
import { Failure } from "../../../base/failure.ts";
import { withCommas } from "../contract.ts";

interface GunzipLimits {
  /** Maximum size of the output, in bytes. */
  maxBytes: number;
  /** Maximum ratio of output to input, checked from 10 MB of output. @default 1000 */
  maxRatio?: number;
}

const DEFAULT_MAX_RATIO = 1_000;
const RATIO_COUNTS_FROM = 10 * 1024 * 1024;
/** Small, so that the ratio is checked in time: one piece inflates to 64 MB at most. */
const INPUT_PIECE = 64 * 1024;
const OUTPUT_PIECE = 256 * 1024;
const AGAIN = { hint: "Compress the file again and resend it." };

/** Whether the bytes start like a gzip file (RFC 1952). */
export function looksGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses gzip (RFC 1952), including files of several members; zero bytes may pad the end. It
 * reads the source no faster than the caller takes the output, and closes it if the caller stops
 * early. The pieces are views: copy them before transferring them.
 *
 * @throws {Failure} `gzip-truncated`, `gzip-corrupt`, `gzip-too-large`, and errors of the source
 *
 * @example
 * ```ts ignore
 * for await (const bytes of gunzip(file.readable, { maxBytes: 2 ** 32 })) reader.push(bytes);
 * ```
 */
export async function* gunzip(
  source: AsyncIterable<Uint8Array>,
  { maxBytes, maxRatio = DEFAULT_MAX_RATIO }: GunzipLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inflater = createGunzip({ chunkSize: OUTPUT_PIECE });
  const input = { bytes: 0 };
  const feeding = feed(source, inflater, input);
  // A failed source must end the loop below; the await after it throws the error.
  feeding.catch((error) => inflater.destroy(error));
  let bytesOut = 0;
  try {
    for await (const bytes of inflater as AsyncIterable<Uint8Array>) {
      bytesOut += bytes.length;
      if (bytesOut > maxBytes) {
        const hint = "Split the file, or ask the operator to raise sandbox.max_unpacked_mb.";
        throw tooLarge(`more than ${withCommas(maxBytes)} bytes`, hint);
      }
      if (bytesOut > RATIO_COUNTS_FROM && bytesOut > input.bytes * maxRatio) {
        throw tooLarge(`more than ${withCommas(maxRatio)} times its size`, "Send it uncompressed.");
      }
      yield bytes;
    }
    await feeding;
  } catch (error) {
    throw asFailure(error);
  } finally {
    inflater.destroy();
  }
}

/** Writes the source to the inflater and checks the bytes that the inflater leaves over. */
async function feed(
  source: AsyncIterable<Uint8Array>,
  inflater: Gunzip,
  input: { bytes: number },
): Promise<void> {
  let isPadding = false;
  for await (const bytes of source) {
    for (let from = 0; from < bytes.length; from += INPUT_PIECE) {
      const piece = bytes.subarray(from, from + INPUT_PIECE);
      input.bytes += piece.length;
      let rest = piece;
      if (!isPadding) {
        await written(inflater, piece);
        if (inflater.destroyed && !inflater.readableEnded) return;
        // zlib stops at a zero byte after a member and ignores everything after it.
        rest = piece.subarray(piece.length - (input.bytes - inflater.bytesWritten));
        isPadding = rest.length > 0;
      }
      if (rest.some((byte) => byte !== 0)) throw corrupt("other data follows the compressed data");
    }
  }
  if (!isPadding) inflater.end();
}

/** Waits until a piece is inflated and its output taken, or the inflater has failed or is closed. */
function written(inflater: Gunzip, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    inflater.once("close", resolve);
    inflater.write(piece, () => {
      inflater.off("close", resolve);
      resolve();
    });
  });
}

function asFailure(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "Z_DATA_ERROR") return corrupt("the compressed data is damaged", error);
  if (code !== "Z_BUF_ERROR") return error;
  return new Failure("refused", "gzip-truncated", "Cannot decompress the file: it is cut short", {
    ...AGAIN,
    cause: error,
  });
}

function corrupt(state: string, cause?: unknown): Failure {
  return new Failure("refused", "gzip-corrupt", `Cannot decompress the file: ${state}`, {
    ...AGAIN,
    cause,
  });
}

function tooLarge(state: string, hint: string): Failure {
  const text = `Cannot decompress the file: its content has ${state}`;
  return new Failure("refused", "gzip-too-large", text, { hint });
}
