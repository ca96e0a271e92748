import { createHash } from "node:crypto";
import { systemClock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import { PASSING } from "../../base/retry.ts";
import type { TableSpec } from "../../batch/column.ts";
import { type FileState, isFinal } from "../../protocol/file_view.ts";
import type { BeginOptions } from "../contract.ts";
import { superseded } from "../failures.ts";
import type { Claim, Claims, NameClaims } from "./claims.ts";
import { type LoadRecord, type LoadRecords, ownTime, TIMES_A_GENERATION } from "./load_records.ts";
import type { RowKeys } from "./row_keys.ts";
import type { Spool } from "./spool.ts";
import { keysOf } from "./write/key_chunk.ts";
import { RowRemover } from "./row_remover.ts";
import type { WrittenKeys } from "./undo.ts";
import type { SenderOptions } from "./write/sender.ts";

/** How long a load waits for an earlier version; after that it returns to the queue. */
const WAIT_MS = 60_000;
const POLL_MS = 200;

/** Whether the newest claim of a name can be followed by another one. */
type Standing = "loaded" | "ended" | "running" | "waiting";

export interface ReplacementDeps {
  claims: Claims;
  keys: RowKeys;
  records: LoadRecords;
  /** The state of a file in the ledger; null if it is not there. */
  stateOf(fileId: string): Promise<FileState | null>;
  sender: SenderOptions;
  /** The keys of the tenant's tables, as {@link keyText} writes them. */
  storedKeys(): Promise<Map<string, string>>;
}

/**
 * Replaces the rows of a file's earlier loads, in steps that can all be repeated:
 *
 * 1. {@link claim}: the keys of all rows are stored, then the name is claimed, which gives the rows later
 *    timestamps than those of all earlier claims. A name has one open claim: the next one waits until
 *    this load is committed, or until its file has ended in another way.
 * 2. The load sends its rows. Each is newer than the row that it replaces.
 * 3. {@link removeEarlier}: the rows of earlier claims are deleted, each at the timestamp with which it
 *    was written. So whatever was written later survives, and nothing has to be read.
 * 4. The load is committed. {@link finish} drops the keys of the earlier claims.
 */
export class Replacement {
  readonly #deps: ReplacementDeps;
  readonly #record: LoadRecord;
  /** The file's name. */
  readonly name: string;
  readonly #version: number;
  #held: NameClaims = { newest: NO_CLAIM, earlier: [] };

  constructor(
    deps: ReplacementDeps,
    record: LoadRecord,
    { name, version }: NonNullable<BeginOptions["replaces"]>,
  ) {
    this.#deps = deps;
    this.#record = record;
    this.name = name;
    this.#version = version;
  }

  /** @throws {Failure} `superseded` */
  async check(): Promise<void> {
    await this.#standing(await this.#current());
  }

  /**
   * Claims the name for the rows in the spool, or finds that an earlier attempt has.
   * @param refuseIfOver throws if the load has ended
   * @returns the id of the claim
   * @throws {Failure} `superseded`; `version-waits` while an earlier version is being loaded
   */
  async claim(spool: Spool, refuseIfOver: () => void): Promise<string> {
    const { tenant, fileId, generation } = this.#record;
    const { claims, sender } = this.#deps;
    const content = contentOf(spool, sender.tables);
    let stored: Claim | null = null;
    for (;;) {
      const [found, standing] = await this.#turn(refuseIfOver).catch(async (error) => {
        // Another load was faster.
        if (stored && isSuperseded(error)) await this.#dropUnclaimed(stored);
        throw error;
      });
      const last = found?.newest;
      if (
        found && last?.fileId === fileId && last.generation === generation &&
        last.content === content
      ) {
        this.#held = found;
        return last.id;
      }
      const newest = this.#next(content, spool.length, last);
      if (stored?.id !== newest.id) {
        if (stored) await this.#dropUnclaimed(stored);
        await this.#storeKeys(newest, spool);
        stored = newest;
      }
      const earlier = await this.#toRemove(found, standing);
      if (await claims.put(tenant, this.name, { newest, earlier }, last ?? null)) {
        this.#held = { newest, earlier };
        return newest.id;
      }
    }
  }

  /** The keys of the rows that an earlier attempt has claimed; null if none has. */
  async written(): Promise<WrittenKeys | null> {
    const claim = await this.#ownClaim();
    if (claim === null) return null;
    const { tables, chunks } = claim;
    return { tables, chunks, get: (chunk) => this.#deps.keys.get(claim, chunk) };
  }

  /** Drops the keys of {@link written}, whose rows were removed. The name stays claimed, for its times. */
  async dropWritten(): Promise<void> {
    const claim = await this.#ownClaim();
    if (claim !== null) await this.#deps.keys.drop(claim);
  }

  /** Microseconds from the timestamps in the spool to those of the claim. */
  get shift(): number {
    return this.#held.newest.writeTime - ownTime(this.#record);
  }

  /** The ids of the earlier versions whose rows are removed. */
  get replacedFiles(): string[] {
    const loaded = this.#held.earlier.filter((claim) => claim.loaded).map(({ fileId }) => fileId);
    return [...new Set(loaded)].filter((id) => id !== this.#record.fileId);
  }

  /**
   * Deletes the rows of earlier claims that are not rows of this load too.
   * @param from the number of steps that are done
   * @param acknowledged called once for each step
   * @throws {Failure} kind `storage`
   */
  async removeEarlier(
    from: number,
    spool: Spool,
    acknowledged: (step: number) => void,
    refuseIfOver: () => void,
  ): Promise<void> {
    const { keys, sender, storedKeys } = this.#deps;
    const { earlier } = this.#held;
    if (from >= earlier.reduce((sum, { chunks }) => sum + chunks, 0)) return;
    await using remover = await RowRemover.open(earlier, sender, await storedKeys());
    await remover.keep(spool);
    let step = 0;
    for (const claim of earlier) {
      for (let chunk = 0; chunk < claim.chunks; chunk++, step++) {
        if (step < from) continue;
        refuseIfOver();
        const done = step;
        await remover.remove(claim, await keys.get(claim, chunk), () => acknowledged(done));
      }
    }
    await remover.drain();
  }

  /**
   * Checks that no other load has claimed the name meanwhile, which it may if the file had ended.
   * @throws {Failure} `version-waits`
   */
  async checkHeld(): Promise<void> {
    const newest = (await this.#current())?.newest;
    if (newest && newest.id !== this.#held.newest.id) throw this.#waits(newest);
  }

  /** Drops the keys of the earlier claims, after the commit. */
  async finish(): Promise<void> {
    const { newest, earlier } = this.#held;
    if (earlier.length === 0) return;
    const { claims, keys } = this.#deps;
    for (const claim of earlier) await keys.drop(claim);
    await claims.put(this.#record.tenant, this.name, { newest, earlier: [] }, newest);
  }

  /** Waits until the newest claim of the name has ended. */
  async #turn(refuseIfOver: () => void): Promise<[NameClaims | null, Standing]> {
    const end = performance.now() + WAIT_MS;
    for (;;) {
      refuseIfOver();
      const found = await this.#current();
      const standing = await this.#standing(found);
      if (standing === "loaded" || standing === "ended") return [found, standing];
      // If it waits for its next try, this load must not hold it up.
      if (standing === "waiting" || performance.now() > end) throw this.#waits(found!.newest);
      await systemClock.sleep(POLL_MS);
    }
  }

  /** @throws {Failure} `superseded` */
  async #standing(found: NameClaims | null): Promise<Standing> {
    if (found === null) return "ended";
    const { newest } = found;
    const standing = await this.#standingOf(newest);
    if (this.#isLater(newest) && standing !== "ended") {
      throw superseded({ name: this.name, version: this.#version }, newest);
    }
    return standing;
  }

  async #standingOf({ fileId, generation }: Claim): Promise<Standing> {
    const { records, stateOf } = this.#deps;
    const record = await records.of(this.#record.tenant, fileId, generation);
    if (record?.committed) return "loaded";
    // An earlier attempt: only one process loads a file.
    if (fileId === this.#record.fileId) return "ended";
    const state = await stateOf(fileId);
    if (state === null || isFinal(state)) return "ended";
    return state === "running" ? "running" : "waiting";
  }

  /** Numbers can be equal if files were put into staging by hand; ids grow with time. */
  #isLater({ version, fileId }: Claim): boolean {
    return version > this.#version ||
      (version === this.#version && fileId > this.#record.fileId);
  }

  async #ownClaim(): Promise<Claim | null> {
    const { fileId, generation } = this.#record;
    const newest = (await this.#current())?.newest;
    return newest?.fileId === fileId && newest.generation === generation ? newest : null;
  }

  #current(): Promise<NameClaims | null> {
    return this.#deps.claims.of(this.#record.tenant, this.name);
  }

  #next(content: string, chunks: number, last: Claim | undefined): Claim {
    const { fileId, generation } = this.#record;
    const writeTime = Math.max(
      ownTime(this.#record),
      last ? last.writeTime + TIMES_A_GENERATION : 0,
    );
    return {
      id: `${fileId}.${generation}.${writeTime}.${content}`,
      fileId,
      version: this.#version,
      generation,
      content,
      writeTime,
      chunks,
      tables: this.#deps.sender.tables.map(withoutOptions),
      loaded: false,
    };
  }

  async #storeKeys(claim: Claim, spool: Spool): Promise<void> {
    const shift = claim.writeTime - ownTime(this.#record);
    await this.#deps.keys.store(
      claim,
      async (chunk) => keysOf(await spool.get(chunk), claim.tables, shift),
    );
  }

  /** Drops keys that no claim needs. A process that lost the file's lease may store the same ones. */
  async #dropUnclaimed(stored: Claim): Promise<void> {
    const found = await this.#current();
    const claimed = found ? [found.newest, ...found.earlier] : [];
    if (!claimed.some(({ id }) => id === stored.id)) await this.#deps.keys.drop(stored);
  }

  /** The claims whose rows the next one has to remove. */
  async #toRemove(found: NameClaims | null, standing: Standing): Promise<Claim[]> {
    if (found === null) return [];
    const newest = { ...found.newest, loaded: standing === "loaded" };
    if (!newest.loaded) return [newest, ...found.earlier];
    // It had removed the rows of these, but was killed before it dropped their keys.
    for (const claim of found.earlier) await this.#deps.keys.drop(claim);
    return [newest];
  }

  #waits({ version }: Claim): Failure {
    const text = `Cannot load version ${this.#version} of "${this.name}" yet: ` +
      `version ${version} is being loaded`;
    return new Failure("storage", "version-waits", text, {
      hint: "It is retried. If this does not end, see the other version in mysimbdp manage files.",
      details: PASSING,
    });
  }
}

const NO_CLAIM: Claim = {
  id: "",
  fileId: "",
  version: 0,
  generation: 0,
  content: "",
  writeTime: 0,
  chunks: 0,
  tables: [],
  loaded: false,
};

function isSuperseded(error: unknown): boolean {
  return error instanceof Failure && error.code === "superseded";
}

function contentOf(spool: Spool, tables: readonly TableSpec[]): string {
  const declared = JSON.stringify(tables.map(withoutOptions));
  return createHash("sha256").update(declared).update(spool.digest()).digest("hex");
}

function withoutOptions({ name, columns, partitionKey, clusteringKey }: TableSpec): TableSpec {
  const plain = columns.map(({ name, type }) => ({ name, type }));
  return { name, columns: plain, partitionKey, clusteringKey };
}
