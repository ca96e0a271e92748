/**
 * Makes `await using` close an object.
 *
 * @example
 * ```ts ignore
 * await using storage = closing(openStorage(config));
 * ```
 */
export function closing<T extends { close(): Promise<void> }>(object: T): T & AsyncDisposable {
  return Object.assign(object, { [Symbol.asyncDispose]: () => object.close() });
}
