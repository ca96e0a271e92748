/** Slots of a new part, and the share of them that may be used before it grows. */
const START_SLOTS = 64;
const MAX_LOAD = 0.8;
/** The table consists of parts that grow one at a time, so that growing needs little memory. */
const PARTS = 16;
const PART_SHIFT = 28;
const SLOT_BYTES = 8;
const OWNER_BYTES = 8;

/** No record has this key yet. */
export const NEW_KEY = -1;
/** The owner of a key in a table that does not keep owners. */
export const NO_OWNER = -2;

/** Open addressing; a slot is two halves of a hash, both 0 if it is empty. */
class Part {
  slots = new Uint32Array(START_SLOTS * 2);
  owners: Float64Array | null = null;
  /** How many more keys it takes. */
  room = START_SLOTS * MAX_LOAD | 0;
}

/**
 * A set of keys by their 64-bit hashes, each with the number of its owner if owners are kept. Of ten
 * million keys, two have the same hash with a probability of 3 in a million.
 */
export class KeyTable {
  #parts = emptyParts();
  #keepsOwners = false;

  /** Bytes of memory. */
  get bytes(): number {
    const slotBytes = this.#keepsOwners ? SLOT_BYTES + OWNER_BYTES : SLOT_BYTES;
    let slots = 0;
    for (const part of this.#parts) slots += part.slots.length / 2;
    return slots * slotBytes;
  }

  /** From now on, keys have owners; those before have {@link NO_OWNER}. */
  keepOwners(): void {
    if (this.#keepsOwners) return;
    this.#keepsOwners = true;
    for (const part of this.#parts) {
      part.owners = new Float64Array(part.slots.length / 2).fill(NO_OWNER);
    }
  }

  /** The owner of a key; {@link NEW_KEY} if it is not in the table. */
  get(high: number, low: number): number {
    const part = this.#parts[high >>> PART_SHIFT]!;
    const slot = slotOf(part.slots, high, low);
    if (isEmpty(part.slots, slot)) return NEW_KEY;
    return part.owners === null ? NO_OWNER : part.owners[slot]!;
  }

  /** Adds a key, or gives it another owner. @returns its owner before, or {@link NEW_KEY} */
  put(high: number, low: number, owner: number): number {
    const part = this.#parts[high >>> PART_SHIFT]!;
    const { slots, owners } = part;
    const slot = slotOf(slots, high, low);
    if (!isEmpty(slots, slot)) {
      if (owners === null) return NO_OWNER;
      const before = owners[slot]!;
      owners[slot] = owner;
      return before;
    }
    slots[slot * 2] = high;
    slots[slot * 2 + 1] = low;
    if (owners !== null) owners[slot] = owner;
    part.room--;
    return NEW_KEY;
  }

  /** Whether the part in which this key would be must grow before it takes another key. */
  isFull(high: number): boolean {
    return this.#parts[high >>> PART_SHIFT]!.room <= 0;
  }

  /** The number of bytes that {@link grow} adds. */
  growth(high: number): number {
    const slots = this.#parts[high >>> PART_SHIFT]!.slots.length / 2;
    return slots * (this.#keepsOwners ? SLOT_BYTES + OWNER_BYTES : SLOT_BYTES);
  }

  /** Doubles the part in which this key is. */
  grow(high: number): void {
    const part = this.#parts[high >>> PART_SHIFT]!;
    const { slots, owners } = part;
    const wider = new Uint32Array(slots.length * 2);
    const widerOwners = owners === null ? null : new Float64Array(owners.length * 2);
    for (let slot = 0; slot < slots.length / 2; slot++) {
      if (isEmpty(slots, slot)) continue;
      const first = slots[slot * 2]!;
      const second = slots[slot * 2 + 1]!;
      const to = slotOf(wider, first, second);
      wider[to * 2] = first;
      wider[to * 2 + 1] = second;
      if (widerOwners !== null) widerOwners[to] = owners![slot]!;
    }
    part.slots = wider;
    part.room += slots.length / 2 * MAX_LOAD | 0;
    part.owners = widerOwners;
  }

  /** Forgets all keys and releases their memory. */
  clear(): void {
    this.#parts = emptyParts();
    if (!this.#keepsOwners) return;
    this.#keepsOwners = false;
    this.keepOwners();
  }
}

function emptyParts(): Part[] {
  return Array.from({ length: PARTS }, () => new Part());
}

function isEmpty(slots: Uint32Array, slot: number): boolean {
  return slots[slot * 2] === 0 && slots[slot * 2 + 1] === 0;
}

/** The slot of a key, or the empty one where it belongs. */
function slotOf(slots: Uint32Array, high: number, low: number): number {
  const mask = slots.length / 2 - 1;
  let slot = low & mask;
  while (!isEmpty(slots, slot) && (slots[slot * 2] !== high || slots[slot * 2 + 1] !== low)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}
