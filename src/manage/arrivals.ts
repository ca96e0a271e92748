import { Failure, messageOf } from "../base/failure.ts";
import { isFinal } from "../protocol/file_view.ts";
import type { StagedFile } from "../staging/contract.ts";
import type { Layout } from "../data/layout.ts";
import { folderOf, restoreFile, scanStaging } from "../staging/staged.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { NO_ROWS } from "./ledger.ts";
import type { ModuleStore } from "../modules/store.ts";
import { outcomeOf } from "./outcome.ts";
import { answerReplayRequests } from "./replay_requests.ts";
import { advance, isTaken, ledgerFailed, moveOut, named } from "./settle.ts";

interface ArrivalsParts {
  layout: Layout;
  storage: Pick<Storage, "ledger">;
  modules: ModuleStore;
  emit: Emit;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Whether a file is in the queue or running: then nobody need look at it. */
  isKnown: (id: string) => boolean;
  /** Takes files that are ready to run. */
  enqueue: (record: FileRecord) => void;
}

/** What a look through staging came to. */
interface Look {
  /** Files that stay where they are, such as those without a module. */
  waiting: number;
  /** A file was put there by hand a moment ago: look again when it has been at rest. */
  unsettled: boolean;
  /** Files that another process is loading, or may have been loading when it died. */
  elsewhere: number;
  storageFailed: boolean;
}

/** Stands for a file that is in another process's hands. */
const ELSEWHERE = "another manage has it";

/** Brings what lies in staging and what the ledger says together. */
export class Arrivals {
  readonly #parts: ArrivalsParts;
  /** Ids of the files that wait, so that it is told once. */
  readonly #told = new Set<string>();

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
  }

  /** Finds out what an earlier process was killed in, and puts it back into the queue. */
  async recover(): Promise<void> {
    const { layout, storage: { ledger }, now } = this.#parts;
    for (const record of await ledger.pending()) {
      if (record.state === "running") {
        // Others may share the work and be alive.
        if (!await ledger.isAbandoned(record)) continue;
        await unlessTaken(advance(ledger, record, { type: "recover" }, now()));
      }
      const folder = await folderOf(layout, record.tenant, record.id);
      // A replay that ended half-way: queued in the ledger, its bytes still elsewhere.
      if (folder !== null && folder !== "staging") {
        await restoreFile(layout, record.tenant, record.id);
      }
    }
  }

  /** Looks through staging once. @param enough asked between files: true ends the look */
  async look(enough: () => boolean): Promise<Look> {
    const { layout, emit, now, isKnown } = this.#parts;
    const look: Look = { waiting: 0, unsettled: false, elsewhere: 0, storageFailed: false };
    try {
      await answerReplayRequests(this.#parts, now());
      const files = await scanStaging(layout, {
        now,
        isKnown: (_tenant, id) => isKnown(id),
        onUnsettled: () => void (look.unsettled = true),
        onProblem: (path, error) =>
          emit({ kind: "staging.problem", path, error: messageOf(error) }),
      });
      for (const file of files) {
        if (enough()) break;
        const why = await this.#meetSafely(file);
        if (why === ELSEWHERE) look.elsewhere++;
        else if (why !== null) this.#wait(look, file, why);
      }
    } catch (error) {
      const isStorage = error instanceof Failure && error.kind === "storage";
      if (isStorage) emit(ledgerFailed(error, null));
      else emit({ kind: "scan.failed", error: messageOf(error) });
      look.storageFailed = outcomeOf(error).type === "retry";
    }
    return look;
  }

  #wait(look: Look, file: StagedFile, why: string): void {
    look.waiting++;
    if (this.#told.has(file.id)) return;
    this.#told.add(file.id);
    this.#parts.emit({ kind: "file.waiting", ...named(file), why });
  }

  /** One tenant's trouble must not hold up the others; only storage that fails ends the look. */
  async #meetSafely(file: StagedFile): Promise<string | null> {
    try {
      return await this.#meet(file);
    } catch (error) {
      if (error instanceof Failure && error.kind === "storage") throw error;
      return isTaken(error) ? ELSEWHERE : messageOf(error);
    }
  }

  /**
   * A file in staging: new, waiting for its module, left over from a killed process, or replayed.
   * @returns why it has to wait; null when it need not
   */
  async #meet(file: StagedFile): Promise<string | null> {
    const { storage: { ledger }, layout, modules, enqueue, now } = this.#parts;
    let record = await ledger.get(file.id);
    if (!record) {
      record = received(file);
      await ledger.insert(record);
    }
    if (isFinal(record.state)) {
      await moveOut(layout, record);
      return null;
    }
    // Nobody here runs it: the ledger could not be told how an attempt ended.
    if (record.state === "running") {
      if (!await ledger.isAbandoned(record)) return ELSEWHERE;
      record = await advance(ledger, record, { type: "recover" }, now());
    }
    if (record.state === "received") {
      if (await modules.current(record.tenant) === null) return "no module is deployed";
      record = await advance(ledger, record, { type: "queue" }, now());
    }
    this.#told.delete(record.id);
    enqueue(record);
    return null;
  }
}

/** Goes on where another process has moved a record on. */
async function unlessTaken(moving: Promise<unknown>): Promise<void> {
  try {
    await moving;
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
}

/** The ledger's first record of a file. */
function received(file: StagedFile): FileRecord {
  return {
    ...file,
    state: "received",
    attempts: 0,
    nextTryAt: null,
    startedAt: null,
    finishedAt: null,
    rows: NO_ROWS,
    seconds: null,
    moduleVersion: null,
    reason: null,
  };
}
