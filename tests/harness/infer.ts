import { join } from "node:path";
import { buildFiles } from "../../src/modules/build/build.ts";
import { testRun, type TestRunResult } from "../../src/modules/test_run/test_run.ts";
import { configSchema } from "../../src/config/schema.ts";
import { runPolicy } from "../../src/sandbox/host/policy.ts";
import { inferModule } from "../../src/sdk/author/infer.ts";
import type { Proposal } from "../../src/sdk/author/proposal.ts";

/** A proposal for sample files, in the forms that tests look at. */
export interface Inferred {
  ingest: string;
  proposal: Proposal;
  /** Types by the names of the file's columns. */
  types: Record<string, string>;
  /** Options other than the type, by the names of the file's columns. */
  options: Record<string, object>;
  /** Doubts about the file, and about columns by their names. */
  unsure: string[];
  /** The columns of the key; "row_id" if each record gets an id. */
  key: string[];
}

/** Proposes a module for files with these names and contents. */
export async function inferFiles(files: Record<string, string | Uint8Array>): Promise<Inferred> {
  return await withFiles(files, inferPaths);
}

/** Proposes a module for files, and runs it on each of them in the sandbox. */
export async function inferAndRun(
  files: Record<string, string | Uint8Array>,
): Promise<Inferred & { runs: TestRunResult[] }> {
  return await withFiles(files, async (paths) => {
    const inferred = await inferPaths(paths);
    return { ...inferred, runs: await runProposal(inferred.ingest, paths) };
  });
}

/** Proposes a module for files on disk. */
export async function inferPaths(paths: readonly string[]): Promise<Inferred> {
  const { ingest, proposal } = await inferModule(paths);
  const { columns, key } = proposal;
  const ofColumns = columns.flatMap(({ profile, decision }) =>
    decision.unsure.map((doubt) => `${profile.name}: ${doubt}`)
  );
  return {
    ingest,
    proposal,
    types: Object.fromEntries(
      columns.map(({ profile, decision }) => [profile.name, decision.type]),
    ),
    options: Object.fromEntries(
      columns.map(({ profile, decision }) => [profile.name, decision.options]),
    ),
    unsure: [...proposal.unsure, ...ofColumns],
    key: key.partition.length === 0 ? ["row_id"] : [...key.partition, ...key.clustering],
  };
}

/** Runs the text of a module on files, as `module test` does. */
export async function runProposal(
  ingest: string,
  paths: readonly string[],
): Promise<TestRunResult[]> {
  const module = await buildFiles({ "ingest.ts": ingest }, "");
  const runs: TestRunResult[] = [];
  const config = configSchema.parse({});
  const run = { kind: "author test", fileBytes: 0, secrets: {} } as const;
  const policy = runPolicy(run, module, config);
  for (const path of paths) runs.push(await testRun(module, path, { limit: 100, policy }));
  return runs;
}

async function withFiles<T>(
  files: Record<string, string | Uint8Array>,
  work: (paths: string[]) => Promise<T>,
): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-infer-" });
  try {
    const paths = Object.keys(files).map((name) => join(dir, name));
    for (const [i, content] of Object.values(files).entries()) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(paths[i]!, bytes);
    }
    return await work(paths);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
