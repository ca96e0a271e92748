import { Failure } from "../../../base/failure.ts";
import { withCommas } from "../contract.ts";

const AGAIN = { hint: "Export the file again and resend it." };

export function corruptAvro(state: string, cause?: unknown): Failure {
  return new Failure("refused", "avro-corrupt", `Cannot read the Avro file: ${state}`, {
    ...AGAIN,
    cause,
  });
}

export function avroCutShort(): Failure {
  return new Failure("refused", "avro-cut-short", "Cannot read the Avro file: it is cut short", {
    ...AGAIN,
  });
}

/** The file's schema is invalid, or it needs something that is not supported. */
export function badSchema(state: string, cause: unknown): Failure {
  return new Failure("refused", "avro-schema", `Cannot use the Avro file's schema: ${state}`, {
    ...AGAIN,
    cause,
  });
}

export function unknownCodec(codec: string, known: readonly string[]): Failure {
  const shown = JSON.stringify(codec.slice(0, 100));
  return new Failure("refused", "avro-codec", `Cannot read the Avro file: its codec is ${shown}`, {
    hint: `Write the file with one of these codecs: ${known.join(", ")}.`,
  });
}

export function blockTooLarge(maxBytes: number): Failure {
  const text = `Cannot read the Avro file: a block has more than ${withCommas(maxBytes)} bytes`;
  return new Failure("refused", "avro-block-too-large", text, {
    hint: "Write the file with smaller blocks, or ask the operator to raise " +
      "sandbox.max_whole_file_mb.",
  });
}
