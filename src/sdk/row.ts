import type { Reject } from "./context.ts";
import type { ColumnNames, Fault, KeyNames } from "./table.ts";

/**
 * One or more rows by table. A column that is missing, `null` or `undefined` is stored as null; in a table
 * with `onConflict: "merge"` only `null` is.
 */
export type RowOutput<Tables extends string = string> = {
  readonly [T in Tables]?:
    | Readonly<Record<string, unknown>>
    | readonly Readonly<Record<string, unknown>>[];
};

type Settled<Tables extends string> = RowOutput<Tables> | Reject | null | undefined;

/** What `row` returns: rows, a reject, or `null` or `undefined` to skip the record. */
export type RowResult<Tables extends string = string> = Settled<Tables> | Promise<Settled<Tables>>;

// The names are for completion in editors: `object` accepts others, which RowFaults then finds.
type Suggested<Tables> =
  | { readonly [T in keyof Tables]?: SuggestedRow<Tables[T]> | readonly SuggestedRow<Tables[T]>[] }
  | object
  | Primitive
  | null
  | undefined
  | void;
type Primitive = string | number | bigint | boolean;
type SuggestedRow<Table> = { readonly [C in ColumnNames<Table>]?: unknown } | object;

/** The types that `row` may return before its rows are checked. */
export type Returnable<Tables> = Suggested<Tables> | Promise<Suggested<Tables>>;

/**
 * The type that `row` must have besides its own: any, or a {@link Fault} that says which rows are
 * wrong. The compiler checks no names in the literals that a function returns, so this does.
 */
export type RowCheck<Tables, Result> =
  | ResultFaults<Tables, Result>
  | UnusedOptions<Tables, Result> extends infer Text extends string
  ? [Text] extends [never] ? unknown : Fault<Text>
  : never;

type ResultFaults<Tables, Result> = unknown extends Result ? never
  : Result extends Promise<infer Settled> ? ResultFaults<Tables, Settled>
  : Result extends Reject | null | undefined | void ? never
  : Result extends Primitive ? "row must return rows by table, ctx.reject(…), null or undefined"
  : string extends keyof Result ? never
  : {
    [T in keyof Result & string]: T extends keyof Tables ? RowFaults<T, Tables[T], Result[T]>
      : IsNothing<Result[T]> extends true ? never
      : `there is no table ${T}`;
  }[keyof Result & string];

type RowFaults<Name extends string, Table, Row> = unknown extends Row ? never
  : Row extends null | undefined ? never
  : Row extends readonly (infer Element)[] ? RowFaults<Name, Table, Element>
  : Row extends object
  // An index signature names no columns.
    ? string extends keyof Row | ColumnNames<Table> ? never
    : UnknownColumns<Name, Table, Row> | MissingKeys<Name, Table, Row> | BadValues<Name, Table, Row>
  : `a row of table ${Name} must be an object`;

type UnknownColumns<Name extends string, Table, Row> = {
  [C in Exclude<keyof Row & string, ColumnNames<Table>>]: IsNothing<Row[C]> extends true ? never
    : `table ${Name} has no column ${C}`;
}[Exclude<keyof Row & string, ColumnNames<Table>>];

type MissingKeys<Name extends string, Table, Row> = {
  [C in KeyNames<Table>]: C extends keyof Row
    ? IsNothing<Row[C]> extends true ? `${Name}.${C} is part of the key and must not be null`
    : never
    : `${Name}.${C} is part of the key and is missing`;
}[KeyNames<Table>];

type BadValues<Name extends string, Table, Row> = Table extends { columns: infer Columns } ? {
    [C in keyof Row & keyof Columns & string]: Fits<Row[C], Accepted<Columns[C]>> extends true
      ? never
      : `${Name}.${C} is ${TypeName<Columns[C]>} and cannot hold ${Described<Row[C]>}`;
  }[keyof Row & keyof Columns & string]
  : never;

type IsNothing<Value> = unknown extends Value ? false
  : [NonNullable<Value>] extends [never] ? true
  : false;

/** Whether one of a value's types, at least, is or can be an accepted one. */
type Fits<Value, Wanted> = IsNothing<Value> extends true ? true
  : unknown extends Value ? true
  : [FittingPart<NonNullable<Value>, Wanted>] extends [never] ? false
  : true;
type FittingPart<Part, Wanted> = Part extends Wanted ? Part
  : Wanted extends Part ? Wanted
  : never;

type Whole = string | number | bigint;
/** Arrays and objects are stored as JSON, but a Date is not text. */
type Text = string | number | bigint | boolean | object & { readonly getTime?: never };

/** The values of single types. */
interface ScalarValues {
  ascii: Text;
  bigint: Whole;
  blob: string | Uint8Array;
  boolean: string | boolean | 0 | 1;
  date: string | Date;
  decimal: Whole;
  double: Whole;
  duration: string;
  float: Whole;
  inet: string;
  int: Whole;
  smallint: Whole;
  text: Text;
  time: string;
  timestamp: string | Date;
  timeuuid: string;
  tinyint: Whole;
  uuid: string;
  varint: Whole;
}

/** The values that a column accepts, besides null and undefined. */
type Accepted<Declared> = Declared extends keyof ScalarValues ? ScalarValues[Declared]
  : Declared extends { type: "timestamp"; unit: string } ? Whole | Date
  : Declared extends { type: infer Type } ? Accepted<Type>
  : Declared extends `map<${string}` ? string | object
  : string | readonly unknown[] | ReadonlySet<unknown>;

type TypeName<Declared> = Declared extends { type: infer Type } ? TypeName<Type>
  : Declared extends string ? Declared
  : never;

type Described<Value> = NonNullable<Value> extends infer Part ? Part extends Date ? "a Date"
  : Part extends Uint8Array ? "a Uint8Array"
  : Part extends number ? "a number"
  : Part extends boolean ? "a boolean"
  : Part extends bigint ? "a bigint"
  : Part extends string ? "a string"
  : Part extends readonly unknown[] ? "an array"
  : Part extends (...values: never[]) => unknown ? "a function"
  : "an object"
  : never;

/** Options that `row` makes useless: it fills the columns itself. */
type UnusedOptions<Tables, Result> = IsAny<Result> extends true ? never : {
  [T in keyof Tables & string]: Tables[T] extends { columns: infer Columns } ? {
      [C in keyof Columns & string]: keyof Columns[C] & ("from" | "value" | "optional") extends
        infer Option extends string ? Columns[C] extends string ? never
        : `${T}.${C}: ${Option} is only for a module without row`
        : never;
    }[keyof Columns & string]
    : never;
}[keyof Tables & string];

/** Whether a type is `any`. */
export type IsAny<Value> = 0 extends (1 & Value) ? true : false;
