import assert from "node:assert/strict";
import { openIntake } from "../../src/staging/intake.ts";
import { createApp } from "../../src/serve/app.ts";
import {
  appending,
  basic,
  creation,
  fakeAccounts,
  fakeLedger,
  filesBelow,
  problemCode,
  stagedFiles,
  WIDE,
} from "./harness.ts";

/** Mounts a small file system. It needs root; without it the test is skipped. */
async function mountSmall(folder: string): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const args = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder];
  return (await new Deno.Command("mount", { args, stderr: "null" }).output()).success;
}

Deno.test("on a disk of 1 MB a body that is too large gets 507 and leaves nothing; smaller ones still work", async (t) => {
  const dataDir = await Deno.makeTempDir();
  if (!await mountSmall(dataDir)) {
    await Deno.remove(dataDir);
    return;
  }
  const intake = await openIntake(dataDir, { reserveBytes: -2_000_000 });
  const app = createApp({
    version: "0",
    intake,
    accounts: fakeAccounts(),
    operators: fakeAccounts(),
    ledger: fakeLedger([]),
    defaultConstraints: WIDE,
  });
  const headers = { Authorization: basic("customer-1", "secret") };
  const whole = (name: string, body: string) =>
    app.request("/v1/uploads", {
      method: "POST",
      headers: { ...headers, ...creation(name, body.length), ...appending(0) },
      body,
    });
  try {
    await t.step("creation-with-upload", async () => {
      const response = await whole("a.csv", "x".repeat(1_200_000));
      assert.equal(response.status, 507);
      assert.equal(await problemCode(response), "no-space");
      assert.deepEqual(await filesBelow(`${dataDir}/uploads`), []);
      assert.deepEqual(await stagedFiles(dataDir, "customer-1"), []);
    });
    await t.step(
      "PATCH: acknowledged bytes are kept, those of the failed request are not",
      async () => {
        const created = await app.request("/v1/uploads", {
          method: "POST",
          headers: { ...headers, ...creation("a.csv", 1_200_000) },
        });
        const path = created.headers.get("Location") ?? "";
        const patch = (offset: number, body: string) =>
          app.request(path, {
            method: "PATCH",
            headers: { ...headers, ...appending(offset) },
            body,
          });
        assert.equal((await patch(0, "x".repeat(1000))).status, 204);
        assert.equal((await patch(1000, "x".repeat(1_199_000))).status, 507);
        assert.equal((await Deno.stat(intake.layout.upload(path.slice(-26)))).size, 1000);
      },
    );
    await t.step("recovers", async () => {
      assert.equal((await whole("b.csv", "y".repeat(100_000))).status, 201);
      assert.equal((await stagedFiles(dataDir, "customer-1")).length, 1);
    });
  } finally {
    intake.close();
    await new Deno.Command("umount", { args: [dataDir] }).output();
    await Deno.remove(dataDir, { recursive: true });
  }
});
