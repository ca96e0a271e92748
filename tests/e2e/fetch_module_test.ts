import assert from "node:assert/strict";
import { join } from "node:path";
import { sample } from "../harness/binary.ts";
import { keepAll, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";

const module = (...args: string[]) => run(["fetch", "module", ...args]);

async function withDir(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-author-" });
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("init: the starter loads its sample and passes deno check", () =>
  withDir(async (dir) => {
    const folder = join(dir, "my-module");
    const made = await module("init", folder);
    assert.equal(made.code, 0, made.stderr);
    const tried = await module("test", folder, join(folder, "samples/readings.csv"));
    assert.equal(tried.code, 0, tried.stderr);
    assert.match(tried.stdout, /^Bergen +2024-03-01 /m);
    assert.match(tried.stdout, /3 read = 3 stored \+ 0 rejected/);
    assert.equal((await module("init", folder)).code, 2);

    const check = () =>
      new Deno.Command(Deno.execPath(), {
        args: ["check", "--no-lock", "ingest.ts"],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
    const text = ({ stderr }: Deno.CommandOutput) => new TextDecoder().decode(stderr);
    const good = await check();
    assert.ok(good.success, text(good));
    const path = join(folder, "ingest.ts");
    const entry = await Deno.readTextFile(path);
    for (
      const [from, to, complaint] of [
        ['"double"', '"number"', /"number"/],
        ["readings: {\n        station", "other: {\n        station", /other/],
        ["id: ctx.rowId", "id: ctx.rowid", /rowid/],
        ['record["station"]', "fetch", /fetch/],
      ] as const
    ) {
      assert.ok(entry.includes(from));
      await Deno.writeTextFile(path, entry.replace(from, to));
      const bad = await check();
      assert.ok(!bad.success, `${to} passed`);
      assert.match(text(bad), complaint);
    }
  }));

Deno.test("the starter's types work in TypeScript without Deno", () =>
  withDir(async (dir) => {
    assert.equal((await module("init", join(dir, "m"))).code, 0);
    const { default: ts } = await import("typescript");
    const config = ts.parseJsonConfigFileContent(
      ts.readConfigFile(join(dir, "m/tsconfig.json"), ts.sys.readFile).config,
      ts.sys,
      join(dir, "m"),
    );
    const program = ts.createProgram(config.fileNames, config.options);
    const faults = ts.getPreEmitDiagnostics(program).map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, "\n")
    );
    assert.deepEqual(faults, []);
    assert.ok(config.fileNames.some((name) => name.endsWith("/ingest.ts")));
  }));

Deno.test("infer: the generated module loads its file without rejects", async (t) => {
  for (const name of ["birdstrikes.csv", "seattle-weather.csv", "airports.csv", "events.jsonl"]) {
    await t.step(name, () =>
      withDir(async (dir) => {
        const file = name === "events.jsonl" ? join(dir, name) : sample(name);
        if (name === "events.jsonl") await Deno.writeTextFile(file, await jsonLines());
        const made = await module("infer", file, "--out", join(dir, "m"));
        assert.equal(made.code, 0, made.stderr);
        const printed = await module("infer", file);
        assert.equal(printed.stdout, await Deno.readTextFile(join(dir, "m/ingest.ts")));
        const tried = await module("test", join(dir, "m"), file, "--json");
        assert.equal(tried.code, 0, tried.stdout + tried.stderr);
        const { counts } = JSON.parse(tried.stdout);
        assert.ok(counts.stored > 100);
        assert.deepEqual([counts.rejected, counts.skipped], [0, 0]);
        const checked = await new Deno.Command(Deno.execPath(), {
          args: ["check", "--no-lock", "ingest.ts"],
          cwd: join(dir, "m"),
        }).output();
        assert.ok(checked.success, new TextDecoder().decode(checked.stderr));
      }));
  }
});

/** Real objects, one per line: a film has numbers, nulls and texts. */
async function jsonLines(): Promise<string> {
  const films: unknown[] = JSON.parse(await Deno.readTextFile(sample("movies.json")));
  return films.map((film) => `${JSON.stringify(film)}\n`).join("");
}

Deno.test("errors from row point to the author's file, line and column", () =>
  withDir(async (dir) => {
    const files = keepAll({ before: 'if (record.x === "2") check(record);' });
    const entry = `import { check } from "./check.ts";\n${files["ingest.ts"]}`;
    const checkTs = `interface Named {
  readonly name?: string;
}

export function check(record: Named): void {
  if (!("name" in record)) throw new Error("no name");
}
`;
    const folder = await writeModule(join(dir, "m"), {
      ...files,
      "ingest.ts": entry,
      "check.ts": checkTs,
    });
    const input = join(dir, "a.csv");
    await Deno.writeTextFile(input, "x\n1\n2\n");
    const { stdout, code } = await module("test", folder, input);
    assert.equal(code, 1);
    assert.match(stdout, /row threw: no name \(check\.ts:6:34\)/);
    const broken = entry.replace("export default", "const n = null as any;\nn.x;\nexport default");
    await Deno.writeTextFile(join(folder, "ingest.ts"), broken);
    const line = broken.split("\n").indexOf("n.x;") + 1;
    const refused = await module("test", folder, input);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, new RegExp(`ingest\\.ts:${line}:3: .*Cannot load the module`));
  }));

Deno.test("push, status and log against a running platform", async () => {
  await using platform = await Platform.create("[modules]\napproval = 'auto'\n");
  await platform.must("manage", "tenant", "add", "t1", "-p", "secret");
  const { url } = await platform.serve();
  platform.manage();
  const login = ["-u", "t1", "-p", "secret", "--server", url];
  const dir = await writeModule(
    await platform.scratch(),
    keepAll({ before: 'if (record.x === "2") throw new Error("two");' }),
  );
  assert.match((await module("status", ...login)).stdout, /^no module yet/);
  const pushed = await module("push", dir, ...login);
  assert.equal(pushed.code, 0, pushed.stdout + pushed.stderr);
  assert.match(pushed.stdout, /^v1-[0-9a-f]{8}: approved; runs from the next file on\n$/);
  await platform.stage("t1", "a.csv", "x\n1\n2\n");
  await platform.settled("t1", "a.csv");
  const log = await module("log", ...login);
  assert.match(log.stdout, /a\.csv {2}1 of 2 records were rejected.*two \(ingest\.ts:\d+:\d+\)/);

  await Deno.writeTextFile(join(dir, "ingest.ts"), "export default {");
  const faulty = await module("push", dir, ...login);
  assert.equal(faulty.code, 1);
  assert.match(faulty.stdout, /^ingest\.ts:1:17: /m);
  const status = await module("status", ...login);
  assert.match(status.stdout, /^v2-\w+ +faulty /m);
  assert.match(status.stdout, /^v1-\w+ +approved, current /m);
  assert.match(status.stdout, /^ingest\.ts:1:17: /m);

  assert.equal((await module("push", dir, "-u", "t1", "-p", "wrong", "--server", url)).code, 3);
  assert.equal(
    (await module("status", ...login.slice(0, 4), "--server", "http://127.0.0.1:1")).code,
    4,
  );
  assert.equal((await module("push", join(dir, "nothing"), ...login)).code, 2);
  assert.equal((await module("status", "--server", url)).code, 2);
});
