/**
 * The shared code of the attacking modules, copied into the folder of each.
 *
 * @module
 */
import { type Context, csv, defineIngest, type Ingest } from "mysimbdp";

/** An attempt to get something forbidden. Returns what it got, or undefined. */
export type Try = (record: Record<string, string>, ctx: Context) => unknown;

/** A module that makes all attempts for every record and rejects it with the results as the reason. */
export function attack(...tries: Try[]): Ingest {
  return withRows((record: Record<string, string>, ctx: Context) => {
    const results = tries.map((each) => attempt(() => each(record, ctx)));
    const got = results.filter((text) => text.startsWith("GOT"));
    return ctx.reject([...got, ...results].join(" | "));
  });
}

/** A module with one table, `items`, and this `row`. */
export function withRows(row: unknown): Ingest {
  return defineIngest({
    files: "*",
    format: csv({ header: true }),
    tables: { items: { columns: { id: "uuid", content: "text" }, partitionKey: ["id"] } },
    row: row as () => null,
    // Most attacks reject all records.
    allowEmpty: true,
  });
}

/** Logs the result of a promise, which comes too late for the reject's reason. */
export function later(promise: unknown): undefined {
  Promise.resolve(promise).then(
    (got) => console.log(got === undefined ? "nothing" : `GOT ${text(got)}`),
    (error) => console.log(`refused: ${text(error?.message)}`),
  );
}

function attempt(what: () => unknown): string {
  try {
    const got = what();
    return got === undefined ? "nothing" : `GOT ${text(got)}`;
  } catch (error) {
    return `refused: ${text((error as Error)?.message)}`;
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
