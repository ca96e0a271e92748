import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sqliteBackend } from "./sqlite_backend.ts";

Deno.test({
  name:
    "sqlite: when the disk is full the load fails with a storage failure, and the next one succeeds",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const backend = await sqliteBackend();
    try {
      const script = fileURLToPath(new URL("./load_until_full.ts", import.meta.url));
      // A limit on the size of files simulates a full disk, which only root can create.
      const { stdout, success } = await new Deno.Command("bash", {
        args: [
          "-c",
          'trap "" XFSZ; ulimit -f 8192; exec "$0" run -A --no-check "$1" "$2"',
          Deno.execPath(),
          script,
          backend.dir,
        ],
        stderr: "inherit",
      }).output();
      assert.ok(success);
      const result = JSON.parse(new TextDecoder().decode(stdout));
      assert.equal(result.kind, "storage");
      assert.match(result.code, /^storage-(full|io)$/);
      assert.deepEqual(result.rows, [{ table: "readings", rows: 1 }]);
    } finally {
      await backend.remove();
    }
  },
});
