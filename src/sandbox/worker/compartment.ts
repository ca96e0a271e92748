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
  row: (record: unknown, ctx: unknown) => unknown;
}

/** A realm in which a tenant's code only sees the language and the SDK. */
export interface Realm {
  /** @throws {Failure} `module-failed` if the script throws, `module-shape` if it exports no module */
  load(script: string): LoadedModule;
  /** The position in the author's files where an error was thrown; null if unknown. */
  placeOf(error: unknown): Place | null;
  /** Compiles a function that builds a record with these keys from an array of values. */
  recordMaker(keys: readonly string[]): RecordMaker;
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
    recordMaker: (keys) => compileMaker(compartment, keys) ?? slowMaker(keys),
    fieldReader: (keys) =>
      compartment.evaluate(
        `(row) => [${keys.map((key) => `row[${JSON.stringify(key)}]`).join(", ")}]`,
      ),
  };
}

/** Builds a record from its values. */
export type RecordMaker = (values: unknown[]) => Record<string, unknown>;

/** A literal is by far the fastest way to build a record; null if ses rejects a key. */
function compileMaker(compartment: Compartment, keys: readonly string[]): RecordMaker | null {
  const properties = keys.map((key, i) => `${propertyName(key)}: f[${i}]`).join(", ");
  try {
    return compartment.evaluate(`(f) => ({ ${properties} })`);
  } catch {
    return null;
  }
}

function slowMaker(keys: readonly string[]): RecordMaker {
  return (values) =>
    Object.defineProperties(
      {},
      Object.fromEntries(keys.map((key, i) => {
        const value = { value: values[i], enumerable: true, writable: true, configurable: true };
        return [key, value];
      })),
    );
}

// A plain `"__proto__": …` would set the prototype. Computed names are slower, so only for that one.
function propertyName(key: string): string {
  return key === "__proto__" ? '["__proto__"]' : JSON.stringify(key);
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
  if (typeof module.row !== "function") {
    throw new Failure("refused", "module-shape", "Cannot use the module: `row` is not a function");
  }
  return module;
}
