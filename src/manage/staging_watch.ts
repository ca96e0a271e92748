import type { Layout } from "../data/layout.ts";
import { type StagingScan, StagingScanner } from "../staging/scan.ts";
import { UploadReceipts } from "../staging/upload_receipts.ts";
import type { ReceivedFile } from "../protocol/file_view.ts";
import type { LedgerReader } from "../storage/contract.ts";
import { MAX_OF_FILE } from "../storage/file_versions.ts";
import type { Emit } from "../telemetry/events.ts";
import { knownTenants } from "../upkeep/known_tenants.ts";

interface StagingWatchDeps {
  layout: Layout;
  storage: { ledger: LedgerReader };
  emit: Emit;
  isKnown: (id: string) => boolean;
}

/** Files that are still written after this are reported. */
const WRITING_MS = 2_000;

/** Scans staging, and reports what is adopted, still being written, or ignored. */
export class StagingWatch {
  readonly #deps: StagingWatchDeps;
  readonly #scanner: StagingScanner;
  /** Paths with a problem at the last scan, and those of files that were still written. */
  #problems = new Set<string>();
  #writing = new Set<string>();

  constructor(deps: StagingWatchDeps) {
    this.#deps = deps;
    this.#scanner = new StagingScanner(deps.layout, {
      isKnownFile: (_tenant, id) => deps.isKnown(id),
      isKnownTenant: knownTenants(deps.layout),
      versionOf: (...file) => this.#versionOf(...file),
      recordOf: (tenant, id) => this.#recordOf(tenant, id),
      onAdopted: ({ tenant, id, name }, path) =>
        deps.emit({ kind: "file.adopted", tenant, fileId: id, name, path }),
    });
  }

  async scan(): Promise<StagingScan> {
    const scan = await this.#scanner.scan();
    this.#report(scan);
    return scan;
  }

  #report({ problems, arriving }: StagingScan): void {
    const { emit } = this.#deps;
    const written = arriving.filter(({ watchedMs }) => watchedMs >= WRITING_MS);
    for (const { path, why } of problems) emit({ kind: "staging.problem", path, error: why });
    for (const { path } of written) emit({ kind: "staging.writing", path });
    const counts = { writing: arriving.length, ignored: problems.length };
    emit({ kind: "staging.scanned", ...counts });
    this.#problems = ended(
      this.#problems,
      problems,
      (path) => emit({ kind: "problem.ended", problem: "staging.problem", key: path }),
    );
    this.#writing = ended(
      this.#writing,
      written,
      (path) => emit({ kind: "problem.ended", problem: "staging.writing", key: path }),
    );
  }

  async #recordOf(tenant: string, id: string): Promise<ReceivedFile | null> {
    const record = await this.#deps.storage.ledger.get(id);
    if (record) return record;
    using receipts = UploadReceipts.openToRead(this.#deps.layout.receipts);
    return receipts?.ofUpload(tenant, id) ?? null;
  }

  /** The same content keeps its version; other content gets the next one, also after uploads. */
  async #versionOf(tenant: string, name: string, sha256: string): Promise<number> {
    const { storage: { ledger }, layout } = this.#deps;
    const versions = await ledger.list({ tenant, name, limit: MAX_OF_FILE });
    using receipts = UploadReceipts.openToRead(layout.receipts);
    const same = versions.find((file) => file.sha256 === sha256) ??
      receipts?.same(tenant, name, sha256);
    if (same) return same.version;
    const last = versions.reduce((most, { version }) => Math.max(most, version), 0);
    return Math.max(last + 1, receipts?.nextVersion(tenant, name) ?? 1);
  }
}

/** Calls `onEnd` for the paths that are no longer there. @returns those that are */
function ended(
  before: ReadonlySet<string>,
  now: readonly { path: string }[],
  onEnd: (path: string) => void,
): Set<string> {
  const paths = new Set(now.map(({ path }) => path));
  for (const path of before.difference(paths)) onEnd(path);
  return paths;
}
