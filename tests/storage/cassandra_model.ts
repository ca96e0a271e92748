import { TIMES_A_GENERATION, writeTimeOf } from "../../src/storage/cassandra/load_records.ts";
import type { Model, Step } from "../contracts/storage_versions_property.ts";

/** A row, or where a row was deleted. */
interface Cell {
  time: number;
  note: string | null;
}

/**
 * Of the rows with one key, the one with the latest timestamp stays: that of the file that arrived last.
 * A deletion hides all rows up to its timestamp, those that are written later too.
 */
export class ArrivalModel implements Model {
  readonly #cells = new Map<number, Cell>();
  readonly #files = new Map<string, { time: number; hasWritten: boolean }>();
  readonly #tracked = new Map<
    string,
    { id: string; version: number; time: number; days: number[] }
  >();

  isSuperseded({ name, version, mode }: Step): boolean {
    return mode === "replace" && (this.#tracked.get(name)?.version ?? 0) > version;
  }

  /** Rows of a replay are later than all that the file has written. */
  begin(id: string, receivedAt: number): void {
    const known = this.#files.get(id);
    if (!known) {
      this.#files.set(id, { time: writeTimeOf(receivedAt, id), hasWritten: false });
      return;
    }
    const claimed = [...this.#tracked.values()].find((claim) => claim.id === id);
    const time = Math.max(
      known.time + (known.hasWritten ? TIMES_A_GENERATION : 0),
      claimed ? claimed.time + TIMES_A_GENERATION : 0,
    );
    this.#files.set(id, { time, hasWritten: false });
  }

  commit({ name, version, days, mode }: Step, id: string, note: string): string[] {
    const file = this.#files.get(id)!;
    const earlier = this.#tracked.get(name);
    let { time } = file;
    file.hasWritten = true;
    if (mode === "replace") {
      time = Math.max(time, earlier ? earlier.time + TIMES_A_GENERATION : 0);
      this.#tracked.set(name, { id, version, time, days });
    }
    for (const day of days) this.#put(day, { time, note });
    if (mode === "add" || !earlier) return [];
    for (const day of earlier.days) this.#put(day, { time: earlier.time, note: null });
    return earlier.id === id ? [] : [earlier.id];
  }

  get notes(): Record<string, string> {
    return Object.fromEntries(
      [...this.#cells].flatMap(([day, { note }]) => note === null ? [] : [[String(day), note]]),
    );
  }

  #put(day: number, cell: Cell): void {
    const found = this.#cells.get(day);
    const wins = !found || cell.time > found.time ||
      (cell.time === found.time && isGreater(cell.note, found.note));
    if (wins) this.#cells.set(day, cell);
  }
}

/** At equal timestamps a deletion wins, then the greater value. */
function isGreater(one: string | null, other: string | null): boolean {
  return one === null || (other !== null && one > other);
}
