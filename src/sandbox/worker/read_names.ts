/** Names that the language and common libraries read of any object. */
const PROBES = new Set(["toJSON", "then"]);
/** Names that are kept for the message. */
const MAX_NAMES = 50;
const MAX_NAME_CHARS = 200;

/**
 * Notices which names `row` reads that its records lack. Records have {@link prototype} at the end of
 * their chain of prototypes: a read of a name that a record has never gets there, so it costs nothing.
 * `"name" in record` and `Object.hasOwn` are not noticed: they are how a module asks.
 *
 * The prototype is within reach of untrusted code. It is frozen, leads to nothing but
 * `Object.prototype`, and its trap neither throws nor trusts its arguments.
 *
 * @example
 * ```ts
 * import { MISSING, ReadNames } from "./read_names.ts";
 * const names = new ReadNames((name) => name === "old" ? "value" : MISSING);
 * const record = Object.create(names.prototype, { id: { value: 1 } });
 * [record.id, record.nmae, names.missing]; // [1, undefined, Set { "nmae" }]
 * ```
 */
export class ReadNames {
  readonly prototype: object;
  /** The names, except those that `resolve` knew. */
  readonly missing = new Set<string>();

  /**
   * @param resolve returns the value of a name that a record lacks, or {@link MISSING}; `record` may be
   * any object
   */
  constructor(resolve: (name: string, record: unknown) => unknown) {
    const target: Record<string, unknown> = Object.freeze({});
    const get = (_target: object, key: string | symbol, receiver: unknown): unknown => {
      if (typeof key !== "string" || key in target) return Reflect.get(target, key, receiver);
      if (PROBES.has(key)) return undefined;
      const value = resolve(key, receiver);
      if (value !== MISSING) return value;
      if (this.missing.size < MAX_NAMES) this.missing.add(key.slice(0, MAX_NAME_CHARS));
      return undefined;
    };
    this.prototype = new Proxy(target, Object.freeze({ __proto__: null, get }));
  }
}

/** Stands for a value that does not exist. */
export const MISSING: unique symbol = Symbol("missing");
