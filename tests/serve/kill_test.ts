import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { HANDOFF_STEPS } from "../../src/staging/handoff.ts";
import { appending, basic, creation, sha256Hex, stagedFiles, TUS } from "./harness.ts";

const AUTH = { Authorization: basic("customer-1", "secret") };
const CONTENT = "id\n" + "1\n".repeat(100_000);

async function startProcess(dataDir: string, step: string) {
  const script = fileURLToPath(new URL("./killed_server.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, dataDir, step],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const end = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It killed itself.
    }
    await child.status;
    await reader.cancel();
  };
  return { url: `http://127.0.0.1:${Number(value)}`, end };
}

for (const step of HANDOFF_STEPS) {
  Deno.test(`SIGKILL after "${step}": the client's next HEAD shows the finished file`, async () => {
    const dataDir = await Deno.makeTempDir();
    const first = await startProcess(dataDir, step);
    const created = await fetch(`${first.url}/v1/uploads`, {
      method: "POST",
      headers: { ...AUTH, ...creation("a.csv", CONTENT.length) },
    });
    await created.body?.cancel();
    const path = created.headers.get("Location") ?? "";
    const headers = { ...AUTH, ...appending(0) };
    const patch = fetch(first.url + path, { method: "PATCH", headers, body: CONTENT });
    await assert.rejects(patch);
    await first.end();

    const second = await startProcess(dataDir, "none");
    const head = await fetch(second.url + path, { method: "HEAD", headers: { ...AUTH, ...TUS } });
    assert.equal(head.headers.get("Upload-Offset"), String(CONTENT.length));
    assert.equal(head.headers.get("Mysimbdp-Sha256"), sha256Hex(CONTENT));
    const id = head.headers.get("Mysimbdp-File-Id") ?? "";
    assert.deepEqual(await stagedFiles(dataDir, "customer-1"), [id]);
    const staged = await Deno.readTextFile(`${dataDir}/staging/customer-1/${id}`);
    assert.equal(sha256Hex(staged), sha256Hex(CONTENT));
    await second.end();
    await Deno.remove(dataDir, { recursive: true });
  });
}
