import type { Unpacked } from "../unpack/unpack.ts";
import { EncodingChoice } from "./encoding_choice.ts";

/**
 * Chooses the encoding of a file, or of each file in an archive.
 *
 * @returns their labels, in the order of the archive
 * @throws {Failure} `no-encoding-fits`, and errors of the pieces
 */
export async function chooseEncodings(
  pieces: AsyncIterable<Unpacked>,
  labels: readonly string[],
): Promise<string[]> {
  const chosen: string[] = [];
  let choice: EncodingChoice | null = null;
  for await (const piece of pieces) {
    if (piece instanceof Uint8Array) (choice ??= new EncodingChoice(labels)).push(piece);
    else if ("entry" in piece) {
      if (choice !== null) chosen.push(choice.end());
      choice = new EncodingChoice(labels);
    }
  }
  chosen.push((choice ?? new EncodingChoice(labels)).end());
  return chosen;
}
