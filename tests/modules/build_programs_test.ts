import assert from "node:assert/strict";
import { buildFiles } from "../../src/modules/build/build.ts";

Deno.test("a program cannot ask the host for anything, so that it may not want to either", async () => {
  const wanted = [["read", "t"], ["net", "example.com"], ["secrets", "KEY"]] as const;
  for (const [member, name] of wanted) {
    for (const entry of ["ingest.wasm", { exec: ["python3", "ingest.py"] }]) {
      const tenantJson = JSON.stringify({ entry, permissions: { write: ["t"], [member]: [name] } });
      const files = { "tenant.json": tenantJson, "ingest.wasm": "", "ingest.py": "" };
      await assert.rejects(buildFiles(files, ""), (thrown: { code?: string; message: string }) => {
        assert.equal(thrown.code, "permission-of-scripts");
        assert.match(
          thrown.message,
          new RegExp(`"permissions.${member}" is for modules in TypeScript`),
        );
        return true;
      });
    }
  }
});
