import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sqliteBackend } from "./sqlite_backend.ts";

Deno.test({
  name: "sqlite: where no more can be written the load fails as storage, and the next one works",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const backend = await sqliteBackend();
    try {
      const script = fileURLToPath(new URL("./load_until_full.ts", import.meta.url));
      // A limit on the size of files stands for a full disk, which only root could make.
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
      const said = JSON.parse(new TextDecoder().decode(stdout));
      assert.equal(said.kind, "storage");
      assert.match(said.code, /^storage-(full|io)$/);
      assert.deepEqual(said.rows, [{ table: "readings", rows: 1 }]);
    } finally {
      await backend.remove();
    }
  },
});
