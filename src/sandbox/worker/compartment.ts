import "./ses_prelude.ts";
import "ses";
import * as sdk from "../../sdk/mod.ts";
import { Failure } from "../../base/failure.ts";
import { type Place, SourceMap, withoutSourceMap } from "./source_map.ts";
import { safeMessage } from "./thrown_values.ts";

/** A module's default export; only its shape has been checked. */
export interface LoadedModule {
  files: unknown;
  entries?: unknown;
  format: unknown;
  tables: unknown;
  allowEmpty: unknown;
  versions: unknown;
  /** Without it, the columns of the table say where their values come from. */
  row: ((record: unknown, ctx: unknown) => unknown) | undefined;
}

/** A realm in which a tenant's code only sees the language and the SDK. */
export interface Realm {
  /** @throws {Failure} `module-failed` if the script throws, `module-shape` if it exports no module */
  load(script: string): LoadedModule;
  /** The position in the author's files where an error was thrown; null if unknown. */
  placeOf(error: unknown): Place | null;
  /**
   * Makes a function that builds a record with these fields from an array or object of values.
   * @param prototype the prototype of the records' own prototype
   * @param isRare whether the function is used too seldom to compile it
   */
  recordMaker(fields: readonly RecordField[], prototype: object, isRare: boolean): RecordMaker;
  /** Compiles a function that reads these properties of an object, in this order. */
  fieldReader(keys: readonly string[]): (row: object) => unknown[];
}

// Names that modules use often, bound as parameters: global lookups in a compartment are slow.
const GLOBALS = ["Object", "Array", "String", "Number", "Boolean", "BigInt", "Math", "JSON"]
  .concat(["Date", "RegExp", "Map", "Set", "Error", "TypeError", "RangeError", "Symbol"])
  .concat(["parseInt", "parseFloat", "isNaN", "isFinite", "Uint8Array", "Promise"]);

/**
 * Freezes this Worker's intrinsics permanently (Hardened JavaScript) and opens one compartment.
 *
 * @param log receives the lines that the module writes to its console
 */
export function openRealm(log: (text: string) => void): Realm {
  lockdown({
    errorTaming: "safe",
    consoleTaming: "unsafe",
    overrideTaming: "moderate",
    // A report of the removed intrinsics would go to the console.
    reporting: "none",
  });
  const write = (...values: unknown[]) => log(values.map(String).join(" "));
  const compartment = new Compartment({
    globals: {
      __mysimbdp: harden({ ...sdk }),
      console: harden({ log: write, info: write, warn: write, error: write, debug: write }),
    },
    __options__: true,
  });
  let map = new SourceMap("");
  // Only the Worker itself sees stacks; errors in the compartment have none.
  const { getStackString } = globalThis as { getStackString?: (error: Error) => string };
  const placeOf = (error: unknown) => {
    try {
      const stack = error instanceof Error ? getStackString?.(error) ?? "" : "";
      const [, line, column] = MODULE_FRAME.exec(stack) ?? [];
      return map.placeOf(Number(line), Number(column));
    } catch {
      // A module may throw values that throw when they are read.
      return null;
    }
  };
  return {
    load(script) {
      map = new SourceMap(script);
      return checkShape(evaluate(compartment, wrap(withoutSourceMap(script)), placeOf));
    },
    placeOf,
    recordMaker: (fields, prototype, isRare) =>
      (isRare ? null : compileMaker(compartment, fields, prototype)) ??
        slowMaker(fields, prototype),
    fieldReader: (keys) =>
      compartment.evaluate(
        `(row) => [${keys.map((key) => `row[${JSON.stringify(key)}]`).join(", ")}]`,
      ),
  };
}

/** A field of a record: its key, and the key or index of its value. */
export interface RecordField {
  key: string;
  from: string | number;
}

/** Builds a record from its values. */
export type RecordMaker = (values: unknown[] | Record<string, unknown>) => Record<string, unknown>;

/**
 * A class with fields is as fast as a literal, and many times as fast as a literal with a prototype.
 * Returns null if ses rejects a key.
 */
function compileMaker(
  compartment: Compartment,
  fields: readonly RecordField[],
  prototype: object,
): RecordMaker | null {
  const lines = fields.map(({ key, from }) => `${fieldName(key)} = f[${JSON.stringify(from)}];`);
  try {
    return compartment.evaluate(`(prototype, { setPrototypeOf, freeze }) => {
      let f;
      class Record { ${lines.join("\n")} }
      delete Record.prototype.constructor;
      setPrototypeOf(Record.prototype, prototype);
      freeze(Record.prototype);
      return (values) => { f = values; return new Record(); };
    }`)(prototype, Object);
  } catch {
    return null;
  }
}

function slowMaker(fields: readonly RecordField[], prototype: object): RecordMaker {
  const parent = Object.freeze(Object.create(prototype));
  return (values) =>
    Object.create(
      parent,
      Object.fromEntries(fields.map(({ key, from }) => {
        const value = (values as Record<string | number, unknown>)[from];
        return [key, { value, enumerable: true, writable: true, configurable: true }];
      })),
    );
}

// A class cannot have a plain field of the first name. Computed names are slower, so only for these.
function fieldName(key: string): string {
  const name = JSON.stringify(key);
  return key === "constructor" || key === "__proto__" ? `[${name}]` : name;
}

/** The script's name in stack traces. */
const SCRIPT_NAME = "mysimbdp-module";
const MODULE_FRAME = new RegExp(`${SCRIPT_NAME}:(\\d+):(\\d+)`);

// Adds no lines before the script, because its source map counts lines.
function wrap(script: string): string {
  const names = GLOBALS.join(", ");
  return `((${names}) => { "use strict"; ${script}\nreturn __module; })(${names})\n` +
    `//# sourceURL=${SCRIPT_NAME}`;
}

function evaluate(
  compartment: Compartment,
  source: string,
  placeOf: (error: unknown) => Place | null,
): unknown {
  try {
    return compartment.evaluate(source);
  } catch (error) {
    const message = `Cannot load the module: ${safeMessage(error)}${placeText(placeOf(error))}`;
    throw new Failure("refused", "module-failed", message, {
      hint: "Run `mysimbdp manage tenant test` on the module to see where it fails.",
    });
  }
}

/** A position as a suffix of a message. */
export function placeText(place: Place | null): string {
  return place === null ? "" : ` (${place.file}:${place.line}:${place.column})`;
}

function checkShape(exported: unknown): LoadedModule {
  const module = (exported as { default?: unknown } | undefined)?.default as
    | LoadedModule
    | undefined;
  if (typeof module !== "object" || module === null) {
    throw new Failure("refused", "module-shape", "Cannot use the module: it has no default export");
  }
  if (module.row !== undefined && typeof module.row !== "function") {
    throw new Failure("refused", "module-shape", "Cannot use the module: `row` is not a function");
  }
  return module;
}
