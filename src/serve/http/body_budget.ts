import type { SenderLimits } from "./sender_watch.ts";
import { type SlotLimits, Slots } from "./slots.ts";

/** What the bodies of all requests may take together. */
export interface BodyLimits {
  /** How slowly large bodies and uploads may arrive. @default 1 KiB/s on average over a minute */
  sender?: SenderLimits;
  /** Forms and small JSON, in memory: 64 KiB each. @default 256 in total, 64 per caller */
  small?: SlotLimits;
  /** Modules and samples, in files: 24 MiB each. @default 16 in total, 2 per caller */
  large?: SlotLimits;
  /** Uploads: up to 2 MB of memory each. @default 64 in total, 16 per caller */
  uploads?: SlotLimits;
  /** Milliseconds for the whole of a small body. @default 10,000 */
  smallMs?: number;
  /** Milliseconds for the whole of a large body. @default 600,000 */
  largeMs?: number;
}

const SENDER: SenderLimits = { stallMs: 60_000, minRate: 1024 };
const SMALL: SlotLimits = { total: 256, perCaller: 64, oldestGivesWay: true };
const LARGE: SlotLimits = { total: 16, perCaller: 2 };
const UPLOADS: SlotLimits = { total: 64, perCaller: 16 };

/**
 * The budget of all bodies that are being received: nobody can fill the memory with them, or keep
 * others from sending theirs. Each kind has its own slots, so the bytes in flight are limited to the
 * slots times the largest body: 16 MiB of small ones, 128 MB of buffers of uploads, and 384 MiB of
 * files.
 */
export class BodyBudget {
  readonly small: Slots;
  readonly large: Slots;
  readonly uploads: Slots;
  readonly sender: SenderLimits;
  readonly smallMs: number;
  readonly largeMs: number;

  constructor(limits: BodyLimits = {}) {
    this.small = new Slots(limits.small ?? SMALL);
    this.large = new Slots(limits.large ?? LARGE);
    this.uploads = new Slots(limits.uploads ?? UPLOADS);
    this.sender = limits.sender ?? SENDER;
    this.smallMs = limits.smallMs ?? 10_000;
    this.largeMs = limits.largeMs ?? 600_000;
  }
}
