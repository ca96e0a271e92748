import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../../harness/binary.ts";
import { inferFiles } from "../../harness/infer.ts";

Deno.test("the guide shows what infer proposes for its sample", async () => {
  const guide = await Deno.readTextFile(join(ROOT, "docs/module-guide.md"));
  const [, section = ""] = /### From a file\n([^]*?)\n### /.exec(guide) ?? [];
  const [, sample = ""] = /```\n(Umsatz[^]*?)```/.exec(section) ?? [];
  const [, module = ""] = /```ts\n([^]*?)```/.exec(section) ?? [];
  const windows1252 = Uint8Array.from(sample, (character) => character.charCodeAt(0));
  const { ingest } = await inferFiles({ "umsatz_2024-01.csv": windows1252 });
  assert.equal(ingest, module);
});
