import type { DeclaredFormat } from "./declaration.ts";

/**
 * The encodings among which a file's is to be chosen; null if only one is declared. The host sends
 * such a file twice: for the choice, and for its records.
 */
export function encodingList({ options }: DeclaredFormat): readonly string[] | null {
  const list = "encoding" in options ? options.encoding : undefined;
  return list !== undefined && typeof list !== "string" && list.length > 1 ? list : null;
}

/** The format with the encoding that was chosen for one file. */
export function withEncoding(format: DeclaredFormat, encoding?: string): DeclaredFormat {
  if (encoding === undefined) return format;
  return { ...format, options: { ...format.options, encoding } } as DeclaredFormat;
}
