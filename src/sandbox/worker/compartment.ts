import "./ses_prelude.ts";
import "ses";
import * as sdk from "../../sdk/mod.ts";
import { Failure } from "../../base/failure.ts";
import { type Place, SourceMap, withoutSourceMap } from "./source_map.ts";
import { safeMessage } from "./thrown.ts";

/** What a module exports, before anything in it has been checked. */
export interface LoadedModule {
  files: unknown;
  format: unknown;
  tables: unknown;
  row: (record: unknown, ctx: unknown) => unknown;
}

/** A realm in which a tenant's code sees nothing but the language and the SDK. */
export interface Realm {
  /** @throws {Failure} `module-failed` when the script throws or exports no ingest definition */
  load(script: string): LoadedModule;
  /** Where in the author's files something was thrown; null where that is not known. */
  placeOf(error: unknown): Place | null;
  /** Compiles a function of one array that makes a record with these keys, in this order. */
  recordMaker(keys: readonly string[]): RecordMaker;
  /** Compiles a function that reads these properties of an object, in this order. */
  fieldReader(keys: readonly string[]): (row: object) => unknown[];
}

// Names that modules use often, bound as parameters: a global look-up in a compartment is slow.
const GLOBALS = ["Object", "Array", "String", "Number", "Boolean", "BigInt", "Math", "JSON"]
  .concat(["Date", "RegExp", "Map", "Set", "Error", "TypeError", "RangeError", "Symbol"])
  .concat(["parseInt", "parseFloat", "isNaN", "isFinite", "Uint8Array", "Promise"]);

/**
 * Freezes this Worker's intrinsics for good (Hardened JavaScript) and opens one compartment.
 *
 * @param log receives what the module writes to its console
 */
export function openRealm(log: (text: string) => void): Realm {
  lockdown({
    errorTaming: "safe",
    consoleTaming: "unsafe",
    overrideTaming: "moderate",
    // Its report of what it removed would go to the console.
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
  // Only the Worker itself sees stacks; in the compartment errors have none.
  const { getStackString } = globalThis as { getStackString?: (error: Error) => string };
  const placeOf = (error: unknown) => {
    try {
      const stack = error instanceof Error ? getStackString?.(error) ?? "" : "";
      const [, line, column] = MODULE_FRAME.exec(stack) ?? [];
      return map.placeOf(Number(line), Number(column));
    } catch {
      // Whatever a module throws, reading it must not fail.
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

/** Makes a record of its fields. */
export type RecordMaker = (values: unknown[]) => Record<string, unknown>;

/** A literal is by far the fastest way to make a record; null when a key looks forbidden to ses. */
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

// A plain `"__proto__": …` would set the prototype; computed names are slower, so only there.
function propertyName(key: string): string {
  return key === "__proto__" ? '["__proto__"]' : JSON.stringify(key);
}

/** What the script is called in stacks. */
const SCRIPT_NAME = "mysimbdp-module";
const MODULE_FRAME = new RegExp(`${SCRIPT_NAME}:(\\d+):(\\d+)`);

// The script stays on its own lines: its source map counts them.
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
      hint: "Run `manage tenant test` on it to see where it fails.",
    });
  }
}

/** A place as it stands behind a message. */
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
