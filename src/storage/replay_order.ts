import { Failure } from "../base/failure.ts";
import type { Replay, ReplayOrder } from "../protocol/replay.ts";
import type { FileRecord, Storage } from "./contract.ts";

/**
 * The orders in which a file can be replayed; the first one is the default. A file that was loaded
 * before is loaded as if it were sent now, which is what people expect of "load it again". One that
 * never was keeps its place among the others.
 */
export function ordersOf(
  record: FileRecord,
  { keepsOrder }: Pick<Storage, "keepsOrder">,
): ReplayOrder[] {
  if (!keepsOrder) return ["now"];
  return wasLoaded(record) ? ["now", "arrival"] : ["arrival", "now"];
}

/**
 * The replay that an operator wants.
 *
 * @param order the default is the first of {@link ordersOf}
 * @param at milliseconds since the epoch
 * @throws {Failure} `not-replayable` if the storage does not keep the order of arrival
 */
export function replayOf(
  record: FileRecord,
  order: ReplayOrder | undefined,
  at: number,
  storage: Pick<Storage, "keepsOrder">,
): Replay {
  const orders = ordersOf(record, storage);
  const wanted = order ?? orders[0]!;
  if (orders.includes(wanted)) return { order: wanted, at, wasLoaded: wasLoaded(record) };
  const text = `Cannot load "${record.name}" again in the order of arrival: ` +
    "SQLite stores rows in the order in which files are loaded";
  throw new Failure("usage", "not-replayable", text, {
    hint: "Load it again without this order: its rows replace those with the same keys.",
  });
}

function wasLoaded({ state, replay }: FileRecord): boolean {
  return state === "ingested" || (replay?.wasLoaded ?? false);
}
