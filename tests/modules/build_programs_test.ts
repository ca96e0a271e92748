import assert from "node:assert/strict";
import { buildFiles } from "../../src/modules/build/build.ts";

Deno.test("a program that asks for permissions of the host is refused", async () => {
  const wanted = [["read", "t"], ["net", "example.com"], ["secrets", "KEY"]] as const;
  for (const [member, name] of wanted) {
    for (const entry of ["ingest.wasm", { exec: ["python3", "ingest.py"] }]) {
      const tenantJson = JSON.stringify({ entry, permissions: { write: ["t"], [member]: [name] } });
      const files = { "tenant.json": tenantJson, "ingest.wasm": "", "ingest.py": "" };
      await assert.rejects(buildFiles(files, ""), (thrown: { code?: string; message: string }) => {
        assert.equal(thrown.code, "module-fault");
        assert.match(
          thrown.message,
          new RegExp(`"permissions.${member}" is only for modules in TypeScript`),
        );
        return true;
      });
    }
  }
});
