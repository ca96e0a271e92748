/** Texts that mean null. */
export interface NullOptions {
  /** Texts that mean null, such as "N/A" or "-". White space around them is ignored. @default none */
  readonly null?: readonly string[];
}

/** A text without the white space around it; null if it is blank or one of the texts that mean null. */
export function filled(text: string, options: NullOptions | undefined): string | null {
  const trimmed = text.trim();
  return trimmed === "" || options?.null?.includes(trimmed) ? null : trimmed;
}
