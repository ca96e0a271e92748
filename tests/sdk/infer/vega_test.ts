import assert from "node:assert/strict";
import { converterOf } from "../../../src/batch/convert.ts";
import type { Proposal } from "../../../src/sdk/author/proposal.ts";
import { readSamples } from "../../../src/sdk/author/read_samples.ts";
import { sampleFiles } from "../../../src/sdk/author/sample_files.ts";
import { inferPaths } from "../../harness/infer.ts";
import { sample } from "../../harness/binary.ts";

/** Files without records: matrices. */
const NO_TABLES = ["annual-precip.json", "volcano.json"];
/** Files that take long. */
const LARGE = ["flights-200k.json", "flights-3m.parquet"];

Deno.test("every proposal for a table of vega-datasets reads all values of its sample", async (t) => {
  const folder = sample("airports.csv").replace(/[^/\\]*$/, "");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /\.(csv|tsv|json)$/.test(name) && !LARGE.includes(name)).sort();
  assert.ok(names.length > 60);
  for (const name of names) {
    await t.step(name, async () => {
      const inferred = inferPaths([sample(name)]);
      if (NO_TABLES.includes(name)) {
        return await assert.rejects(inferred, { code: "nothing-to-infer" });
      }
      const { proposal } = await inferred;
      assert.equal(proposal.faults, 0);
      assert.deepEqual(await misfits(proposal, sample(name)), []);
    });
  }
});

/** The values of a sample that the proposed columns do not take. */
async function misfits({ format, columns }: Proposal, path: string): Promise<string[]> {
  const found: string[] = [];
  const converters = columns.map(({ profile, decision }) => ({
    name: profile.name,
    convert: converterOf(decision.type, decision.options),
  }));
  const check = (valueOf: (name: string) => unknown, line: number) => {
    for (const { name, convert } of converters) {
      const value = valueOf(name);
      try {
        convert(value);
      } catch (error) {
        found.push(`${name} at ${line}: ${error}`);
      }
    }
  };
  let names: readonly string[] = [];
  await readSamples((await sampleFiles([path])).files, format, {
    names: (header) => void (names = header),
    fields: (fields, line) => check((name) => fields[names.indexOf(name)], line),
    members: (record, line) => check((name) => record[name], line),
  });
  return found;
}
