import assert from "node:assert/strict";
import { basic, Customers, PASSWORD } from "./customers.ts";
import { run } from "../harness/process.ts";
import { until } from "../harness/until.ts";

const HIDDEN = [
  0x200b,
  0xfeff,
  0xad,
  0x3164,
  0x61c,
  0xe0041,
  0x2060,
  0x180e,
  0xfe0f,
  0x202e,
  0xe000,
];
const base64 = (text: string) => new TextEncoder().encode(text).toBase64();

Deno.test("no two names look the same: characters that cannot be seen are refused or shown", async (t) => {
  await using customers = await Customers.open("", "t1");
  const { server: { url, process: serve }, platform } = customers;
  await platform.constrain("t1");
  const nameOf = (code: number) => `ab${String.fromCodePoint(code)}c.csv`;
  await t.step("an upload: the answer says which one, and where", async () => {
    for (const code of HIDDEN) {
      const response = await fetch(`${url}/v1/uploads`, {
        method: "POST",
        headers: {
          "Authorization": basic("t1", PASSWORD),
          "Tus-Resumable": "1.0.0",
          "Upload-Length": "1",
          "Upload-Metadata": `filename ${base64(nameOf(code))}`,
        },
      });
      const { detail } = await response.json();
      const shown = code.toString(16).toUpperCase().padStart(4, "0");
      assert.equal(response.status, 422, shown);
      assert.ok(
        detail.endsWith(`character 3 of the name is U+${shown}, which cannot be seen`),
        detail,
      );
      assert.ok(!detail.includes(String.fromCodePoint(code)), detail);
    }
  });
  await t.step("fetch says so before it sends", async () => {
    const dir = await platform.inputDir({ [nameOf(0x200b)]: "x\n1\n", "good.csv": "x\n1\n" });
    const sent = await run(["fetch", "-u", "t1", "-p", PASSWORD, "-d", dir, "--server", url]);
    assert.equal(sent.code, 1, sent.stderr);
    const output = sent.stdout + sent.stderr;
    assert.match(output, /character 3 of the name is U\+200B, which cannot be seen/);
    assert.ok(!output.includes("\u200b"));
  });
  await t.step("a file that was put into staging is loaded, and its name is shown", async () => {
    const manage = platform.manage();
    await platform.stage("t1", nameOf(0xad), "x\n1\n");
    const list = await until("it is listed", async () => {
      const { files } = await customers.ask<{ files: { name: string }[] }>("t1", "/v1/files");
      return files.length === 2 ? files : null;
    });
    await manage.stop();
    assert.ok(list.some(({ name }) => name === "ab%C2%ADc.csv"), JSON.stringify(list));
  });
  await t.step(
    "what is stored already is shown by its code: dashboard, log and command line",
    async () => {
      const note = `no${String.fromCodePoint(0x200b, 0xe0041)}te`;
      const { version } = await customers.submit("t1", { "a.ts": "// nothing" });
      const rejected = await customers.asOperator(
        `/v1/admin/tenants/t1/module/${version}/reject`,
        { note },
      );
      assert.equal(rejected.status, 200, rejected.text);
      const form = new URLSearchParams({ user: "t1", password: PASSWORD, role: "customer" });
      const signedIn = await fetch(`${url}/sign-in`, {
        method: "POST",
        body: form,
        headers: { "Sec-Fetch-Site": "same-origin" },
        redirect: "manual",
      });
      await signedIn.body?.cancel();
      const Cookie = signedIn.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
      const page = await (await fetch(`${url}/module`, { headers: { Cookie } })).text();
      assert.ok(page.includes("no\\u200b\\u{e0041}te"), page.slice(0, 3_000));
      const versions = await platform.must("manage", "tenant", "versions", "t1");
      assert.ok(versions.includes("no\\u200b\\u{e0041}te"), versions);
      await customers.asOperator(`/v1/admin/tenants/${encodeURIComponent(note)}`);
      const log = serve.stderr.text;
      assert.ok(!/[\u200b\u{e0041}]/u.test(log) && log.includes("\\u200b"), log.slice(-2_000));
    },
  );
});
