/**
 * What the attacking modules have in common; it is copied into each one's folder.
 *
 * @module
 */
import { type Context, csv, defineIngest, type Ingest } from "mysimbdp";

/** Something that a module should not get. It returns what it got, or nothing. */
export type Try = (record: Record<string, string>, ctx: Context) => unknown;

/** A module that tries all of this at every record and tells in the reject's reason what it got. */
export function attack(...tries: Try[]): Ingest {
  return withRows((record: Record<string, string>, ctx: Context) => {
    const told = tries.map((each) => tell(() => each(record, ctx)));
    const got = told.filter((text) => text.startsWith("GOT"));
    return ctx.reject([...got, ...told].join(" | "));
  });
}

/** A module with one table, `items`, and this `row`. */
export function withRows(row: unknown): Ingest {
  return defineIngest({
    files: "*",
    format: csv({ header: true }),
    tables: { items: { columns: { id: "uuid", content: "text" }, partitionKey: ["id"] } },
    row: row as () => null,
  });
}

/** Tells what something gives that comes later, which a record's reason cannot. */
export function later(promise: unknown): undefined {
  Promise.resolve(promise).then(
    (got) => console.log(got === undefined ? "nothing" : `GOT ${text(got)}`),
    (thrown) => console.log(`refused: ${text(thrown?.message)}`),
  );
}

function tell(what: () => unknown): string {
  try {
    const got = what();
    return got === undefined ? "nothing" : `GOT ${text(got)}`;
  } catch (thrown) {
    return `refused: ${text((thrown as Error)?.message)}`;
  }
}

function text(value: unknown): string {
  try {
    return typeof value === "object"
      ? JSON.stringify(value).slice(0, 200)
      : String(value).slice(0, 200);
  } catch {
    return typeof value;
  }
}
