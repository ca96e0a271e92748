import { Failure } from "../../base/failure.ts";
import { withCommas } from "./contract.ts";

const AGAIN = { hint: "Write the file anew and send it again." };

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

/** The file's schema is not one, or needs what is not supported. */
export function badSchema(state: string, cause: unknown): Failure {
  return new Failure("refused", "avro-schema", `Cannot use the Avro file's schema: ${state}`, {
    ...AGAIN,
    cause,
  });
}

export function unknownCodec(codec: string, known: readonly string[]): Failure {
  const shown = JSON.stringify(codec.slice(0, 100));
  return new Failure("refused", "avro-codec", `Cannot read the Avro file: its codec is ${shown}`, {
    hint: `Write it with one of ${known.join(", ")}.`,
  });
}

export function blockTooLarge(most: number): Failure {
  return new Failure(
    "refused",
    "avro-block-too-large",
    `Cannot read the Avro file: a block has more than ${withCommas(most)} bytes`,
    { hint: "Write the file with smaller blocks, or ask the platform for a higher limit." },
  );
}
