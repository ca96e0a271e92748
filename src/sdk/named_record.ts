/** The names of the columns that a format declares, from which the type of its records follows. */
export interface DeclaredNames<
  Header extends string = string,
  Columns extends string = string,
  Optional extends string = string,
> {
  header?: boolean | readonly Header[];
  columns?: readonly Columns[];
  optional?: readonly Optional[];
}

/**
 * A record with the names in `columns`, or else in `header`; any names if there are none. A column
 * that a file may lack can be undefined.
 */
export type NamedRecord<
  Value,
  Header extends string,
  Columns extends string,
  Optional extends string,
> = [Columns] extends [never]
  ? [Header] extends [never] ? Record<string, Value> : Fields<Value, Header, Optional>
  : Fields<Value, Columns, Optional>;

type Fields<Value, Names extends string, Optional extends string> = string extends Names
  ? Record<string, Value>
  : { [N in Names | Optional]: N extends Optional ? Value | undefined : Value };
