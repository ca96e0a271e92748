import { Failure } from "../base/failure.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Layout } from "../data/layout.ts";
import { signatureOf } from "../base/file_signature.ts";
import { adoptFile } from "./adopt.ts";
import { isFileId } from "../data/file_id.ts";
import type { ReceivedFile } from "../protocol/file_view.ts";
import { invalidNames } from "./invalid_names.ts";
import { readSidecar, type StagedFile, writeSidecar } from "./sidecar.ts";
import { byTurns } from "./turns.ts";
import { type ArrivingFile, type StagingProblem, surveyStaging, whyUnreadable } from "./survey.ts";

/** Milliseconds between two looks at which a file must be the same before it is adopted. */
export const SETTLE_MS = 1_000;

/** Milliseconds for which one scan adopts files: later ones may be of tenants who are next. */
const ADOPT_MS = 500;

/** Milliseconds between two searches for names that cannot be listed. */
const NAMES_MS = 60_000;

interface StagingScannerOptions {
  /** @default systemClock */
  clock?: Pick<Clock, "now" | "monotonic">;
  /** @default SETTLE_MS */
  settleMs?: number;
  /** Files that are known are not read. */
  isKnownFile?: (tenant: string, id: string) => boolean;
  /** Whether a tenant has an account or a module. @default every tenant has */
  isKnownTenant?: (tenant: string) => boolean;
  /** The version of a file that somebody put into staging. @default 1 */
  versionOf?: (tenant: string, name: string, sha256: string) => Promise<number>;
  /** The record of a file with this id whose own record is missing. @default none */
  recordOf?: (tenant: string, id: string) => Promise<ReceivedFile | null>;
  /** Called for a file that was adopted, with the path that it had. */
  onAdopted?: (file: StagedFile, path: string) => void;
}

/** What a scan found. */
export interface StagingScan {
  /** Finished files, in the order in which they are loaded. */
  files: StagedFile[];
  /** Ids of the known files, which are not among them. */
  known: readonly string[];
  /** Files that may still be written, and for how many milliseconds they have been watched. */
  arriving: { path: string; watchedMs: number }[];
  problems: StagingProblem[];
  /** Whether there is more to adopt: scan again. @default false */
  isCutShort?: true;
}

/** A file as it was at a look. */
interface Look {
  /** What changes when somebody writes to it or replaces it. */
  signature: string;
  /** When it was first seen like this, by the monotonic clock. */
  since: number;
  firstSeen: number;
}

/**
 * Finds the finished files of all tenants. A file without a record is adopted once it has the same
 * size and times at two looks: times of files can be anything, so they are compared only with
 * themselves.
 *
 * @example
 * ```ts
 * import { Layout } from "../data/layout.ts";
 * import { StagingScanner } from "./scan.ts";
 * const scanner = new StagingScanner(new Layout("./mysimbdp-data"));
 * for (const file of (await scanner.scan()).files) console.log(file.name);
 * ```
 */
export class StagingScanner {
  readonly #layout: Layout;
  readonly #options: StagingScannerOptions;
  readonly #clock: Pick<Clock, "now" | "monotonic">;
  /** By path. */
  #looks = new Map<string, Look>();
  #names: { at: number; problems: StagingProblem[] } | null = null;

  constructor(layout: Layout, options: StagingScannerOptions = {}) {
    this.#layout = layout;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async scan(): Promise<StagingScan> {
    const survey = await surveyStaging(this.#layout, this.#options);
    const earlier = this.#looks;
    this.#looks = new Map();
    const files = survey.recorded;
    const arriving: StagingScan["arriving"] = [];
    const problems = await this.#problemsOfNames();
    for (const problem of survey.problems) {
      const { path, stat } = problem;
      if (!stat || this.#isAtRest(path, stat, earlier)) problems.push(problem);
      else arriving.push(this.#watched(path));
    }
    const more: Pick<StagingScan, "isCutShort"> = {};
    let until = Infinity;
    for (const file of byTurns(survey.arriving)) {
      const isAtRest = this.#isAtRest(file.path, file.stat, earlier);
      if (isAtRest && this.#clock.monotonic() >= until) {
        more.isCutShort = true;
        continue;
      }
      try {
        if (isAtRest) until = Math.min(until, this.#clock.monotonic() + ADOPT_MS);
        const adopted = isAtRest ? await this.#adopt(file) : null;
        if (adopted) files.push(adopted);
        else arriving.push(this.#watched(file.path));
      } catch (error) {
        // It was moved away after it was listed.
        if (error instanceof Deno.errors.NotFound) continue;
        // The ledger does not answer, whatever the file.
        if (error instanceof Failure && error.kind === "storage") throw error;
        problems.push({ path: file.path, why: whyUnreadable(error) });
      }
    }
    return { files: inOrder(files), known: survey.known, arriving, problems, ...more };
  }

  /** @returns null when it changed while it was read */
  async #adopt({ tenant, name, path, stat }: ArrivingFile): Promise<StagedFile | null> {
    const { versionOf, recordOf, onAdopted } = this.#options;
    const record = isFileId(name) ? await recordOf?.(tenant, name) : null;
    if (record?.tenant === tenant && record.size === stat.size) {
      await writeSidecar(this.#layout, "staging", record);
      return await readSidecar(this.#layout, "staging", tenant, name);
    }
    const file = await adoptFile(this.#layout, { tenant, name, stat }, {
      now: this.#clock.now(),
      versionOf,
    });
    if (file) onAdopted?.(file, path);
    return file;
  }

  #isAtRest(path: string, stat: Deno.FileInfo, earlier: ReadonlyMap<string, Look>): boolean {
    const now = this.#clock.monotonic();
    const signature = signatureOf(stat);
    const last = earlier.get(path);
    const since = last?.signature === signature ? last.since : now;
    this.#looks.set(path, { signature, since, firstSeen: last?.firstSeen ?? now });
    return last !== undefined && now - since >= (this.#options.settleMs ?? SETTLE_MS);
  }

  #watched(path: string): { path: string; watchedMs: number } {
    const now = this.#clock.monotonic();
    return { path, watchedMs: now - (this.#looks.get(path)?.firstSeen ?? now) };
  }

  async #problemsOfNames(): Promise<StagingProblem[]> {
    const now = this.#clock.monotonic();
    if (this.#names === null || now - this.#names.at >= NAMES_MS) {
      this.#names = { at: now, problems: await invalidNames(this.#layout) };
    }
    return [...this.#names.problems];
  }
}

/**
 * Sorts files by arrival. The versions of one file keep their order even when the clock was set back
 * between them.
 */
export function inOrder(files: StagedFile[]): StagedFile[] {
  const sorted = files.toSorted((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1));
  const byName = Map.groupBy(sorted, ({ tenant, name }) => `${tenant}/${name}`);
  for (const versions of byName.values()) versions.sort((a, b) => a.version - b.version);
  // Each place keeps its name; the versions of that name fill its places in their order.
  return sorted.map(({ tenant, name }) => byName.get(`${tenant}/${name}`)!.shift()!);
}
