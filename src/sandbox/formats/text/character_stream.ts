/** Decodes bytes of one encoding, in pieces. The text does not depend on where the pieces end. */
export interface CharacterStream {
  /** The text of all complete characters; invalid bytes become {@link BAD_BYTES}. */
  push(bytes: Uint8Array): string;
  /** The rest: an incomplete character at the end of the file becomes {@link BAD_BYTES}. */
  end(): string;
}
