/** Texts that mean null. */
export interface NullOptions {
  /**
   * Texts that mean null, such as "N/A" or "-"; also numbers, such as "-999". White space around them is
   * ignored.
   * @default none
   */
  readonly null?: readonly string[];
}

/** A text without the white space around it; null if it is blank or one of the texts that mean null. */
export function filled(text: string, options: NullOptions | undefined): string | null {
  const trimmed = text.trim();
  return trimmed === "" || meansNull(trimmed, options) ? null : trimmed;
}

/** Whether a text is blank and not one of the texts that mean null. */
export function isBlank(text: string, options: NullOptions | undefined): boolean {
  const trimmed = text.trim();
  return trimmed === "" && !meansNull(trimmed, options);
}

/** Whether a trimmed text, or a number, is one of the texts that mean null. */
export function meansNull(value: unknown, options: NullOptions | undefined): boolean {
  const texts = options?.null;
  if (texts === undefined) return false;
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  return texts.some((one) => one === text || one.trim() === text);
}
