import { type CompareDeps, type Disagreement, disagreementOf, needsProof } from "./disagreement.ts";
import { type FactsDeps, factsOf, factsOfTenant, type FileFacts } from "./facts.ts";

export type { Disagreement } from "./disagreement.ts";

/** A file about which records and disk disagree. */
export interface Found {
  kind: Disagreement;
  facts: FileFacts;
}

type Deps = FactsDeps & CompareDeps;

/**
 * Compares the records of a tenant's files with the disk, newest first. Yields after each page, so that
 * the caller can pause.
 */
export async function* compareTenant(deps: Deps, tenant: string): AsyncGenerator<Found[]> {
  for await (const page of factsOfTenant(deps, tenant)) {
    const found: Found[] = [];
    const stored = await storedOf(deps, tenant, page);
    for (const facts of page) {
      if (await disagreementOf(deps, facts, stored.has(facts.id)) === null) continue;
      const confirmed = await compareFile(deps, tenant, facts.id);
      if (confirmed) found.push(confirmed);
    }
    yield found;
  }
}

/** Compares the records of one file with the disk. @returns null when they agree */
export async function compareFile(deps: Deps, tenant: string, id: string): Promise<Found | null> {
  const facts = await factsOf(deps, tenant, id);
  const stored = await storedOf(deps, tenant, [facts]);
  const kind = await disagreementOf(deps, facts, stored.has(id));
  return kind && { kind, facts };
}

async function storedOf(
  { loads }: Deps,
  tenant: string,
  files: readonly FileFacts[],
): Promise<ReadonlySet<string>> {
  const ids = files.filter(needsProof).map(({ id }) => id);
  return ids.length === 0 ? new Set() : await loads.stored(tenant, ids);
}
