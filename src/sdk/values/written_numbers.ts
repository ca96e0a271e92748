/**
 * The numbers of a JSON record as the file writes them. A JavaScript number has no digits of its own:
 * `1.10` becomes 1.1, and 12345678901234.567891 becomes 12345678901234.568.
 */
export interface WrittenNumbers {
  /**
   * The text of a member that is this number.
   *
   * @param names names of the column: of several members that are the number, one of this name is meant
   * @param isText whether `1.10` and `1.1` are different values
   * @returns null if no member is this number, as when the module has calculated it
   * @throws {ValueFault} if the members that are this number have different values
   */
  textOf(value: number, names: readonly string[], isText: boolean): string | null;
}
