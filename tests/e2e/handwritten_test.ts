import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { until } from "../harness/until.ts";

const SEED = { Authorization: `Basic ${btoa("customer-1:password-1")}` };

/** The log, with each place before its error, as doctor prints them. */
function logged(stderr: string): string {
  return stderr.replaceAll('","error":"', ": ").replaceAll('\\"', '"');
}

Deno.test("doctor and both services name every fault of the files that people edit", async (t) => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  await platform.deploy("customer-1", keepAll());
  await Deno.chmod(join(platform.data, "users.json"), 0o600);
  const healthy = await platform.run("manage", "doctor", "-q");
  assert.equal(healthy.code, 0, healthy.stdout);
  const { data } = platform;
  const users = JSON.parse(await Deno.readTextFile(join(data, "users.json")));
  const hash = users["customer-2"];
  const [version = ""] = await platform.list("tenants", "customer-1")
    .then((names) => names.filter((name) => name.startsWith("v1-")));
  const files: Record<string, string> = {
    "constraints/customer-1.json":
      '{\n  "formats": [".csv"],\n  "number_files": 10,\n  "data_sizes": 4096,\n}\n',
    "constraints/customer-2.json":
      '{"formats": ["csv", ".txt"],\n "number_file": 10,\n "data_sizes": "4096"}',
    "constraints/custmer-1.json": '{"formats":[".csv"],"number_files":1,"data_sizes":1}',
    "users.json": `{\n "customer-1": "${users["customer-1"]}",\n "customer-2": "abc",\n` +
      ` "customer-2": "${hash}x",\n "customer-2": "123"\n}`,
    "secrets/customer-1.json": '{"KEY": 1}',
    [`tenants/customer-1/${version}/tenant.json`]: '{"limits": {"memoryMB": 5}}',
  };
  await Deno.mkdir(join(data, "secrets"), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(data, name), text);
  }
  const expected = [
    /customer-1\.json:5:1: it is not JSON: remove the comma before this bracket/,
    /customer-2\.json:1:14: "formats\.0": expected an extension with its dot, for example "\.csv"/,
    /customer-2\.json:2:2: "number_file": unknown setting.*did you mean "number_files"\?/,
    /customer-2\.json:3:2: "data_sizes": expected number/,
    /custmer-1\.json: no account has this name; did you mean customer-1\.json\?/,
    /users\.json:4:2: "customer-2": it is there twice/,
    /users\.json:\d:2: the hash of "customer-2" is in no known format/,
    /secrets\/customer-1\.json:1:1: it is not an object of names and values/,
    /tenants\/customer-1\/current\/tenant\.json:1:13: "limits\.memoryMB": .*mean "memoryMb"\?/,
  ];
  await t.step("doctor", async () => {
    const { code, stdout } = await platform.run("manage", "doctor", "-q");
    assert.equal(code, 1);
    for (const each of expected) assert.match(stdout, each);
    assert.ok(!stdout.includes(hash), "no hash is shown");
  });
  const serve = await platform.serve();
  await t.step("serve logs them, and serves the accounts without faults", async () => {
    await serve.process.line(/"event":"data\.faulty".*memoryMB/);
    for (const each of expected) assert.match(logged(serve.process.stderr.text), each);
    const answer = await fetch(`${serve.url}/v1/constraints`, { headers: SEED });
    assert.equal(answer.status, 503);
    const { type, detail, hint } = await answer.json();
    assert.match(type, /limits-unreadable$/);
    assert.match(detail, /limits for this account cannot be read/);
    assert.match(hint, /reported to the operator/);
    await serve.process.line(/"event":"constraints\.faulty".*"inForce":"none"/);
  });
  await t.step("manage logs them", async () => {
    const { stderr } = await platform.run("manage", "--once");
    for (const each of expected) assert.match(logged(stderr), each);
  });
});

Deno.test("a mistake in constraints while serve runs: the last good ones apply, also after a restart", async () => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  const path = join(platform.data, "constraints/customer-1.json");
  const good = { formats: [".csv", ".txt"], number_files: 5, data_sizes: 100 };
  await platform.constrain("customer-1", good);
  const serve = await platform.serve();
  const limits = async (url: string) =>
    await (await fetch(`${url}/v1/constraints`, { headers: SEED })).json();
  assert.deepEqual(await limits(serve.url), good);
  await Deno.writeTextFile(path, `${JSON.stringify(good).slice(0, -1)},}`);
  for (let i = 0; i < 3; i++) assert.deepEqual(await limits(serve.url), good);
  await serve.process.line(/"event":"constraints\.faulty".*:1:\d+: it is not JSON/);
  const shown = await platform.must("manage", "tenant", "show", "customer-1");
  assert.match(shown, /customer-1\.json:1:\d+: it is not JSON/);
  await serve.process.stop();
  const again = await platform.serve();
  assert.deepEqual(await limits(again.url), good);
  const [faulty, ...more] = again.process.records()
    .filter(({ event }) => event === "constraints.faulty");
  assert.equal(faulty?.["inForce"], "previous");
  assert.deepEqual(more, []);
  await platform.constrain("customer-1", { ...good, number_files: 6 });
  await until(
    "the corrected file applies",
    async () => (await limits(again.url)).number_files === 6,
  );
  await again.process.line(/"event":"constraints\.fixed"/);
});
