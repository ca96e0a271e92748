import { type CompareDeps, type Disagreement, disagreementOf } from "./disagreement.ts";
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
    for (const facts of page) {
      if (await disagreementOf(deps, facts) === null) continue;
      const confirmed = await compareFile(deps, tenant, facts.id);
      if (confirmed) found.push(confirmed);
    }
    yield found;
  }
}

/** Compares the records of one file with the disk. @returns null when they agree */
export async function compareFile(deps: Deps, tenant: string, id: string): Promise<Found | null> {
  const facts = await factsOf(deps, tenant, id);
  const kind = await disagreementOf(deps, facts);
  return kind && { kind, facts };
}
