import assert from "node:assert/strict";
import { join } from "node:path";
import { dummyHash } from "../../src/accounts/stored_hash.ts";
import { Platform } from "../harness/platform.ts";
import type { Finding } from "../../src/upkeep/doctor/finding.ts";

async function findings(
  platform: Platform,
): Promise<{ code: number; by: Record<string, Finding> }> {
  const { code, stdout } = await platform.run("manage", "doctor", "--json");
  const all: Finding[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  return { code, by: Object.fromEntries(all.map((finding) => [finding.check, finding])) };
}

Deno.test("doctor: a healthy platform, then its problems with hints", async (t) => {
  await using platform = await Platform.create();
  await platform.must("manage", "--once");
  await t.step("everything is checked", async () => {
    const { by } = await findings(platform);
    const checks = [
      "config",
      "data",
      "tokens",
      "constraints",
      "modules",
      "secrets",
      "permissions",
      "disk",
      "clock",
      "tls",
      "storage",
      "staging",
      "queue",
      "files",
      "sandbox",
    ];
    assert.deepEqual(Object.keys(by), checks);
    for (const check of ["config", "data", "permissions", "clock", "tls", "storage", "queue"]) {
      assert.notEqual(by[check]?.state, "failed", JSON.stringify(by[check]));
    }
    const { stdout } = await platform.run("manage", "doctor");
    assert.match(stdout, /^ok {7}storage {6}sqlite, 1 local database intact$/m);
    assert.match(stdout, /^\d+ ok, \d+ warnings?, 0 failed$/m);
  });
  await t.step("permissions", async () => {
    await Deno.chmod(join(platform.data, "users.json"), 0o644);
    const { code, by } = await findings(platform);
    assert.equal(code, 1);
    assert.match(
      by["permissions"]?.what ?? "",
      /other users can access .*users\.json \(mode 644\)/,
    );
    assert.match(by["permissions"]?.hint ?? "", /^chmod o= /);
    await Deno.chmod(join(platform.data, "users.json"), 0o600);
  });
  await t.step("an account whose name no tenant can have", async () => {
    const path = join(platform.data, "users.json");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, JSON.stringify({ "Customer-1": dummyHash("argon2id") }));
    const { code, by } = await findings(platform);
    assert.equal(code, 1);
    assert.match(by["accounts"]?.what ?? "", /"Customer-1" cannot sign in/);
    assert.match(by["accounts"]?.hint ?? "", /^Rename the account in .*users\.json/);
    await Deno.writeTextFile(path, text);
  });
  await t.step("a clock that is behind the last change", async () => {
    const later = Date.now() / 1000 + 3600;
    await Deno.utime(join(platform.data, "users.json"), later, later);
    const { by } = await findings(platform);
    assert.equal(by["clock"]?.state, "failed");
    await Deno.utime(join(platform.data, "users.json"), new Date(), new Date());
  });
  await t.step("things in staging that are not loaded, and a file without an id", async () => {
    await platform.stage("unknown", "a.csv", "x\n1\n");
    const path = join(platform.data, "staging/stray.csv");
    await Deno.writeTextFile(path, "x\n");
    const { stdout, code } = await platform.run("manage", "doctor");
    assert.equal(code, 0);
    assert.match(stdout, /staging\/stray\.csv is not loaded: it is not in the folder of a tenant/);
    assert.match(stdout, /no tenant "unknown" exists/);
    assert.match(stdout, /Run mysimbdp manage tenant add unknown/);
    await Deno.remove(path);
    await Deno.remove(join(platform.data, "staging/unknown"), { recursive: true });
    await platform.must("manage", "tenant", "add", "t1");
    await platform.stage("t1", "b.csv", "x\n");
    assert.match((await findings(platform)).by["staging"]?.what ?? "", /b\.csv has no id yet/);
    await Deno.remove(join(platform.data, "staging/t1/b.csv"));
    assert.equal((await findings(platform)).by["staging"]?.state, "ok");
  });
  await t.step("a file that waits for its module", async () => {
    await platform.stage("t1", "a.csv", "x\n1\n");
    await platform.run("manage", "--once");
    assert.match((await findings(platform)).by["queue"]?.what ?? "", /1 waiting/);
  });
  await t.step("a missing certificate, and a public listener without one", async () => {
    const config = join(platform.data, "mysimbdp.toml");
    await Deno.writeTextFile(config, '[server]\nlisten = "0.0.0.0:8080"\n');
    assert.match((await findings(platform)).by["tls"]?.what ?? "", /can be read on the network/);
    await Deno.writeTextFile(config, '[server]\ntls_cert = "no.pem"\ntls_key = "no.key"\n');
    assert.equal((await findings(platform)).by["tls"]?.state, "failed");
    await Deno.writeTextFile(config, "");
  });
  await t.step("a proxy that is not trusted, and a host that is refused", async () => {
    const config = join(platform.data, "mysimbdp.toml");
    const server = '[server]\npublic_url = "https://intake.example.com/intake/"\n';
    await Deno.writeTextFile(config, server);
    assert.match((await findings(platform)).by["proxy"]?.what ?? "", /no proxy is trusted/);
    const trusted = `${server}trusted_proxies = ["127.0.0.1"]\nhosts = `;
    await Deno.writeTextFile(config, `${trusted}["Intake.example.com:443"]\n`);
    assert.equal((await findings(platform)).by["proxy"]?.state, "ok");
    await Deno.writeTextFile(config, `${trusted}["other.example.com"]\n`);
    assert.match(
      (await findings(platform)).by["proxy"]?.what ?? "",
      /intake\.example\.com are refused/,
    );
    await Deno.writeTextFile(config, "");
  });
  await t.step("a damaged database", async () => {
    const path = join(platform.data, "db/tenants/t9.sqlite");
    await Deno.mkdir(join(platform.data, "db/tenants"), { recursive: true });
    await Deno.writeTextFile(
      path,
      "this is not a database, but long enough to be read as one".repeat(99),
    );
    const { code, by } = await findings(platform);
    assert.equal(code, 1);
    assert.match(by["storage"]?.what ?? "", /t9\.sqlite/);
    assert.match(by["storage"]?.hint ?? "", /backup/);
  });
});
