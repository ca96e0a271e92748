import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { CONFIG_FILE, loadConfig, type LoadOptions } from "../../src/config/load.ts";
import { machineMemory } from "../../src/config/machine_memory.ts";
import { SETTINGS } from "../../src/config/schema.ts";
import { templateToml } from "../../src/config/template.ts";

/** A folder with config files; `using` removes it. */
function folder(files: Record<string, string> = {}) {
  const dir = Deno.makeTempDirSync({ prefix: "mysimbdp-config-" });
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${dir}/${name}`, text);
  return { dir, [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }) };
}

function failureOf(options: LoadOptions): Failure {
  try {
    loadConfig({ env: {}, ...options });
  } catch (thrown) {
    assert.ok(thrown instanceof Failure, String(thrown));
    assert.equal(thrown.kind, "usage");
    assert.ok(thrown.hint);
    return thrown;
  }
  throw new Error("it was loaded");
}

Deno.test("without a file the defaults apply", () => {
  using f = folder();
  assert.deepEqual(loadConfig({ env: {}, cwd: f.dir }), {
    data: `${f.dir}/mysimbdp-data`,
    server: {
      listen: "127.0.0.1:8080",
      tls_cert: "",
      tls_key: "",
      trusted_proxies: [],
      public_url: "",
      hosts: [],
      cors_origins: [],
      url: "http://127.0.0.1:8080",
    },
    fetch: { rest_seconds: 30, wait_seconds: 86_400 },
    uploads: {
      expire_hours: 24,
      stall_seconds: 60,
      min_bytes_per_second: 1024,
      max_unfinished: 10_000,
    },
    disk: { reserve_mb: 16 },
    constraints: { formats: [".csv"], number_files: 10, data_sizes: 4096 },
    manage: {
      concurrency: navigator.hardwareConcurrency,
      memory_mb: Math.floor(machineMemory() / 2 / 1024 ** 2),
      scan_seconds: 5,
      reconcile_seconds: 60,
      drain_seconds: 60,
      max_attempts: 3,
      retry_seconds: 300,
      max_rejects_kept: 100_000,
      archive_days: 30,
      quarantine_days: 0,
      max_rejects_mb: 256,
      max_rejects_per_tenant: 1_000_000,
      rejects_days: 0,
      ledger_days: 0,
    },
    storage: { url: "sqlite:", replication: "", lease_seconds: 30 },
    sandbox: {
      memory_mb: 512,
      seconds_per_file: 3600,
      reject_share: 1,
      max_record_chars: 1_048_576,
      max_unpacked_mb: 10_240,
      max_whole_file_mb: 64,
      max_output_ratio: 100,
      require_os_sandbox: false,
    },
    modules: {
      approval: "operator",
      probation_files: 3,
      max_tables: 100,
      max_columns: 1_000,
      net_hosts: [],
      net_private_hosts: [],
      net_seconds: 10,
      net_max_kb: 1024,
      net_requests: 1000,
    },
    log: { level: "info" },
  });
});

Deno.test("precedence: flag, environment, file, default", () => {
  using f = folder({ "c.toml": "[manage]\nconcurrency = 2\nmax_attempts = 2\nscan_seconds = 2\n" });
  const { manage } = loadConfig({
    configPath: `${f.dir}/c.toml`,
    env: { MYSIMBDP_MANAGE_CONCURRENCY: "4", MYSIMBDP_MANAGE_MAX_ATTEMPTS: "4" },
    flags: { "manage.concurrency": "8" },
  });
  assert.deepEqual([manage.concurrency, manage.max_attempts, manage.scan_seconds], [8, 4, 2]);
  assert.equal(manage.drain_seconds, 60);
});

Deno.test("every setting can be set with its variable", () => {
  const values: Record<string, string> = {
    "data": "/elsewhere",
    "server.listen": "[::1]:1",
    "server.tls_cert": "/c.pem",
    "server.tls_key": "/k.pem",
    "server.trusted_proxies": "127.0.0.1, fd00::/8, ::ffff:10.0.0.0/104",
    "server.public_url": "https://example.com/a/b",
    "server.hosts": "intake.example.com, [::1]:8080",
    "server.cors_origins": "https://app.example.com, http://localhost:3000",
    "server.url": "https://example.com",
    "constraints.formats": ".csv, .jsonl",
    "manage.memory_mb": "1024",
    "sandbox.memory_mb": "128",
    "sandbox.reject_share": "0.5",
    "sandbox.max_record_chars": "2048",
    "sandbox.require_os_sandbox": "true",
    "storage.url": "cassandra://u:p@h1,h2:9042?datacenter=dc1",
    "storage.replication": "dc1:3",
    "modules.approval": "auto",
    "modules.net_hosts": "a.example.com, b.example.com",
    "log.level": "debug",
  };
  const env: Record<string, string> = {};
  for (const { name, variable } of SETTINGS) env[variable] = values[name] ?? "7";
  const config = loadConfig({ env }) as unknown as Record<string, unknown>;
  for (const { name, path, default: preset } of SETTINGS) {
    const value = path.reduce<unknown>(
      (node, key) => (node as Record<string, unknown>)[key],
      config,
    );
    const text = values[name] ?? "7";
    const expected = Array.isArray(preset)
      ? text.split(", ")
      : typeof preset === "number"
      ? Number(text)
      : typeof preset === "boolean"
      ? text === "true"
      : text;
    assert.deepEqual(value, expected, name);
  }
});

Deno.test("modules.trial_files, the former name of modules.probation_files, still works", () => {
  using f = folder({ "c.toml": "[modules]\ntrial_files = 5\n" });
  const configPath = `${f.dir}/c.toml`;
  const load = (env: Record<string, string>) => loadConfig({ configPath, env });
  assert.equal(load({}).modules.probation_files, 5);
  assert.equal(load({ MYSIMBDP_MODULES_TRIAL_FILES: "6" }).modules.probation_files, 6);
  assert.equal(load({ MYSIMBDP_MODULES_PROBATION_FILES: "7" }).modules.probation_files, 7);
  Deno.writeTextFileSync(configPath, "[modules]\ntrial_files = 5\nprobation_files = 4\n");
  assert.match(failureOf({ configPath }).message, /"modules\.trial_files" in .*c\.toml:2:1/);
});

Deno.test("an empty variable counts as not set", () => {
  assert.equal(
    loadConfig({ env: { MYSIMBDP_LOG_LEVEL: "", MYSIMBDP_CONFIG: "" } }).log.level,
    "info",
  );
});

Deno.test("the file in the data directory is found with flag, variable or default", () => {
  using f = folder({ [CONFIG_FILE]: '[log]\nlevel = "error"\n' });
  Deno.mkdirSync(`${f.dir}/mysimbdp-data`);
  Deno.writeTextFileSync(`${f.dir}/mysimbdp-data/${CONFIG_FILE}`, '[log]\nlevel = "debug"\n');
  const level = (options: LoadOptions) => loadConfig({ env: {}, cwd: f.dir, ...options }).log.level;
  assert.equal(level({ flags: { data: f.dir } }), "error");
  assert.equal(level({ env: { MYSIMBDP_DATA: "." } }), "error");
  assert.equal(level({}), "debug");
});

Deno.test("relative paths in a file are relative to its folder, others to the working directory", () => {
  using f = folder({ "c.toml": 'data = "d"\n[server]\ntls_cert = "c.pem"\ntls_key = "/k.pem"\n' });
  const fromFile = loadConfig({ env: {}, configPath: "c.toml", cwd: f.dir });
  assert.deepEqual([fromFile.data, fromFile.server.tls_cert, fromFile.server.tls_key], [
    `${f.dir}/d`,
    `${f.dir}/c.pem`,
    "/k.pem",
  ]);
  const flags = { data: "x" };
  assert.equal(
    loadConfig({ env: {}, configPath: `${f.dir}/c.toml`, cwd: "/", flags }).data,
    "/x",
  );
});

const BROKEN: [what: string, text: string, place: string, message: RegExp][] = [
  ["a syntax error", "[log]\nlevel = loud\n", "2:9", /./],
  ["an unknown key", "[manage]\n\n# x\nscan_secs = 5\n", "4:1", /allowed are .*scan_seconds/],
  ["an unknown table", "[servr]\nlisten = 1\n", "1:2", /allowed are data, server/],
  ["an unknown key inline", 'log = { levl = "x" }\n', "1:9", /allowed are level/],
  ["a wrong type", '[manage]\nscan_seconds = "5"\n', "2:1", /expected number, received string/],
  ["a value in place of a table", "server = 5\n", "1:1", /expected object, received number/],
  ["a number too small", "[manage]\nmax_attempts = 0\n", "2:1", />=1/],
  ["a level that is none", '[log]\nlevel = "loud"\n', "2:1", /"debug"\|"info"\|"warning"\|"error"/],
  ["an address that is none", '[server]\nlisten = "8080"\n', "2:1", /expected HOST:PORT/],
  ["a port that is none", '[server]\nlisten = "a:70000"\n', "2:1", /expected HOST:PORT/],
  [
    "a list's element",
    '[constraints]\nformats = [\n  ".csv",\n  5,\n]\n',
    "2:1",
    /received number/,
  ],
  [
    "a certificate without key",
    '[server]\nurl="http://a"\ntls_cert = "c"\n',
    "3:1",
    /requires server\.tls_key/,
  ],
  ["a key twice", "[log]\nlevel='info'\nlevel='info'\n", "3:1", /already defined/],
  ["a key that looks like a value", "[log]\nx = '''\nlevl = 1\n'''\nlevl = 1\n", "2:1", /allowed/],
];

for (const [what, text, place, message] of BROKEN) {
  Deno.test(`${what}: the error has file, line, column and what is allowed`, () => {
    using f = folder({ "c.toml": text });
    const path = `${f.dir}/c.toml`;
    const failure = failureOf({ configPath: path });
    assert.equal(failure.code, "bad-config");
    assert.ok(failure.message.includes(`${path}:${place}"`), failure.message);
    assert.match(failure.message, message);
    const { line, column } = failure.details;
    assert.equal(`${line}:${column}`, place);
  });
}

Deno.test("an invalid variable or flag is named, without its value", () => {
  const env = { MYSIMBDP_STORAGE_URL: "mysql://u:secret@h" };
  const variable = failureOf({ env });
  assert.match(
    variable.message,
    /^Cannot use the setting "MYSIMBDP_STORAGE_URL": expected "sqlite:"/,
  );
  const flag = failureOf({ flags: { "storage.url": "mysql://u:secret@h" } });
  assert.match(flag.message, /^Cannot use the setting "--storage": expected/);
  for (const { message, hint, details } of [variable, flag]) {
    assert.ok(!`${message} ${hint} ${JSON.stringify(details)}`.includes("secret"));
  }
  const number = failureOf({ env: { MYSIMBDP_MANAGE_CONCURRENCY: "four" } });
  assert.match(number.message, /"MYSIMBDP_MANAGE_CONCURRENCY": expected number/);
});

Deno.test("a config file that is named must exist", () => {
  using f = folder();
  assert.equal(failureOf({ configPath: `${f.dir}/none.toml` }).code, "no-config");
  const env = { MYSIMBDP_CONFIG: `${f.dir}/none.toml` };
  assert.equal(failureOf({ env }).code, "no-config");
});

Deno.test("the file in the data directory cannot set the data directory", () => {
  using f = folder({ [CONFIG_FILE]: '\ndata = "/x"\n' });
  const failure = failureOf({ flags: { data: f.dir } });
  assert.match(failure.message, /"data" in ".*mysimbdp\.toml:2:1"/);
});

Deno.test("the template has every setting but the data directory, with its default", () => {
  const template = templateToml();
  const settings = template.replaceAll(/^#(?=\w+ = )/gm, "");
  for (const text of [template, settings]) {
    using f = folder({ [CONFIG_FILE]: text });
    assert.deepEqual(
      loadConfig({ env: {}, flags: { data: f.dir } }),
      loadConfig({ env: {}, flags: { data: f.dir }, configPath: "/dev/null" }),
    );
  }
  const named = settings.match(/^\w+ = /gm) ?? [];
  assert.equal(named.length, SETTINGS.length - 1);
  for (const { path, description } of SETTINGS.slice(1)) {
    assert.ok(settings.includes(`# ${description}\n${path[1]} = `), path.join("."));
    assert.notEqual(description, "");
  }
});

Deno.test("trusted proxies are addresses or ranges, not names or sockets", () => {
  for (const proxy of ["proxy.example.com", "unix:/run/proxy.sock", "10.0.0.0/33", "::1/129", ""]) {
    using f = folder({ "c.toml": `[server]\ntrusted_proxies = ["127.0.0.1", "${proxy}"]\n` });
    const failure = failureOf({ configPath: `${f.dir}/c.toml` });
    assert.equal(failure.code, "bad-config");
    assert.match(failure.message, /server\.trusted_proxies.*expected IP addresses or ranges/);
  }
});

Deno.test("hosts, origins and the public URL are checked", () => {
  const faults = {
    hosts: ['["https://a.example"]', '["a/b"]', '["::1"]', '["a:99999"]', '[""]'],
    cors_origins: ['["https://a.example/"]', '["a.example"]', '["null"]', '["https://*.example"]'],
    public_url: ['"ftp://a.example"', '"https://u:p@a.example"', '"https://a.example/v1"', '"/a"'],
  };
  for (const [key, values] of Object.entries(faults)) {
    for (const value of values) {
      using f = folder({ "c.toml": `[server]\n${key} = ${value}\n` });
      const failure = failureOf({ configPath: `${f.dir}/c.toml` });
      assert.equal(failure.code, "bad-config");
      assert.match(failure.message, new RegExp(`server\\.${key}.*expected`), value);
    }
  }
});
