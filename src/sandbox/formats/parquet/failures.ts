import { Failure, messageOf } from "../../../base/failure.ts";

const AGAIN = "Export the file again and resend it.";

/** The file contradicts the format or itself. */
export function corrupt(cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  // The library's own reasons are of the class Error.
  const isUnexpected = cause instanceof TypeError || cause instanceof RangeError;
  const text = `Cannot read the Parquet file: ${isUnexpected ? "it is damaged" : messageOf(cause)}`;
  return new Failure("refused", "parquet-corrupt", text, { hint: AGAIN, cause });
}

export function badChecksum(column: string, row: number): Failure {
  const text = `Cannot read the Parquet file: a page of column "${column}" was damaged after it ` +
    `was written (checksum), at row ${row} or shortly after`;
  return new Failure("refused", "parquet-checksum", text, { hint: AGAIN });
}

export function encrypted(): Failure {
  const text = "Cannot read the Parquet file: it is encrypted";
  return new Failure("refused", "parquet-encrypted", text, {
    hint: "Write the file without encryption.",
  });
}

/** A column needs something that is not supported. */
export function unreadableColumn(column: string, why: string): Failure {
  const text = `Cannot read column "${column}" of the Parquet file: ${why}`;
  return new Failure("refused", "parquet-column", text, {
    hint: 'Name the columns that the module needs: parquet({ columns: ["id", …] }).',
  });
}
