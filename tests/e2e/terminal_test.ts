import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { binary } from "../harness/binary.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { isMissing, runTool } from "../harness/tools.ts";

/** All commands, found through the program's help. */
async function allCommands(path: string[] = []): Promise<{ path: string[]; help: string }[]> {
  const { code, stdout } = await run([...path, "--help"]);
  assert.equal(code, 0, path.join(" "));
  const listed = stdout.split("Commands:\n")[1]?.split("\n\n")[0] ?? "";
  const names = [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map((found) => found[1] ?? "");
  const children = await Promise.all(
    names.filter((name) => name !== "help").map((name) => allCommands([...path, name])),
  );
  return [{ path, help: stdout }, ...children.flat()];
}

let found: ReturnType<typeof allCommands> | undefined;
const everyCommand = () => found ??= allCommands();

Deno.test("the help of every command starts with its examples", async () => {
  const commands = await everyCommand();
  assert.ok(commands.length > 20);
  for (const { path, help } of commands) {
    const name = ["mysimbdp", ...path].join(" ");
    assert.match(help, /^Examples:\n/, `${name} --help`);
    assert.ok(help.indexOf(name) < help.indexOf("\nUsage: "), `${name} --help:\n${help}`);
  }
});

Deno.test("a mistyped command, flag or value: a suggestion, exit 2", async () => {
  const cases: [string[], RegExp][] = [
    [["fecth"], /Did you mean fetch\?/],
    [["manage", "tennant", "list"], /Did you mean tenant\?/],
    [["manage", "tenant", "lst"], /Did you mean list\?/],
    [["fetch", "--usr", "x"], /Did you mean --user\?/],
    [["manage", "--ones"], /Did you mean --once\?/],
    [["manage", "files", "--state", "quarantind"], /Allowed choices are .*quarantined/],
    [["manage", "--data", "x", "files"], /Use mysimbdp manage files \[flags\]/],
    [["manage", "nonsense"], /unknown command\n {2}hint: Run mysimbdp manage --help/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, expected);
    assert.equal(stdout, "");
  }
  const { stdout } = await run(["manage", "files", "--jsn", "--json"]);
  assert.equal(JSON.parse(stdout).kind, "usage");
});

Deno.test("a flag is not the value of another flag, unless joined with =", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const value of ["--help", "-v", "--quiet"]) {
      const refused = await run(["manage", "init", "--data", value], { cwd: dir });
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /looks like a flag/);
      assert.equal(existsSync(join(dir, value)), false);
    }
    const meant = await run(["manage", "init", "--data=--help"], { cwd: dir });
    assert.equal(meant.code, 0, meant.stderr);
    assert.ok(existsSync(join(dir, "--help", "mysimbdp.toml")));
    const stdin = await run(["fetch", "-u", "x", "-p", "-", "-d", dir]);
    assert.match(stdin.stderr, /password/, "a lone dash is standard input, not a flag");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

async function script(shell: string): Promise<string> {
  const path = await Deno.makeTempFile();
  const { code, stdout } = await run(["completions", shell]);
  assert.equal(code, 0);
  await Deno.writeTextFile(path, stdout);
  return path;
}

Deno.test({
  name: "bash completions: commands, flags, choices, folders",
  ignore: isMissing("bash"),
  async fn() {
    const path = await script("bash");
    const asked = `source ${path}
      t() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mysimbdp; echo "\${COMPREPLY[*]}"; }
      t mysimbdp serv; t mysimbdp manage tenant dep; t mysimbdp fetch --password; t mysimbdp fetch -d /et
      t mysimbdp manage files --state = q; t mysimbdp fetch -u manage --dr; t mysimbdp completions z`;
    const { stdout, stderr } = await runTool("bash", ["--norc", "-c", asked]);
    assert.equal(stderr, "");
    assert.deepEqual(stdout.trim().split("\n"), [
      "serve",
      "deploy",
      "--password --password-file",
      "/etc",
      "queued quarantined",
      "--dry-run",
      "zsh",
    ]);
    await Deno.remove(path);
  },
});

Deno.test({
  name: "fish completions: commands, flags, choices, folders",
  ignore: isMissing("fish"),
  async fn() {
    const path = await script("fish");
    const lines = ["serv", "manage tenant dep", "fetch --dr", "fetch -d /et", "completions z"];
    const asked = lines.map((line) => `complete -C "mysimbdp ${line}"`).join("; ");
    const home = await Deno.makeTempDir();
    const { stdout, stderr } = await runTool("fish", [
      "--no-config",
      "-c",
      `source ${path}; ${asked}`,
    ], {
      env: { HOME: home },
    });
    assert.equal(stderr, "");
    const words = stdout.trim().split("\n").map((line) => line.split("\t")[0]);
    assert.deepEqual(words, ["serve", "deploy", "--dry-run", "/etc/", "zsh"]);
    await Deno.remove(path);
  },
});

Deno.test({
  name: "zsh completions, typed on a terminal",
  ignore: isMissing("zsh", "script"),
  async fn() {
    const path = await script("zsh");
    const zsh = new Deno.Command("script", {
      args: ["-qec", "zsh -f -i", "/dev/null"],
      env: { TERM: "dumb" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = zsh.stdin.getWriter();
    const type = (text: string) => writer.write(new TextEncoder().encode(text));
    let shown = "";
    const reading = (async () => {
      for await (const part of zsh.stdout.pipeThrough(new TextDecoderStream())) shown += part;
    })();
    const until = async (word: string) => {
      for (let left = 300; left > 0 && !shown.includes(word); left--) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    // Input before the shell reads keys would be lost.
    await type(`autoload -U compinit; compinit -u -D; source ${path}\n`);
    await type(`mysimbdp() { print -r -- "GOT[$*]" }; print READ''Y\n`);
    await until("READY");
    await type("mysimbdp manage tenant dep\t\n");
    await until("GOT[manage tenant deploy]");
    await type("mysimbdp manage files --state qua\t\n");
    await until("GOT[manage files --state quarantined]");
    await type("exit\n");
    await writer.close();
    await zsh.status;
    await reading;
    assert.match(shown, /GOT\[manage tenant deploy\]/);
    assert.match(shown, /GOT\[manage files --state quarantined\]/);
    await Deno.remove(path);
  },
});

Deno.test({
  name: "man pages: one for every command, without warnings, indexable",
  ignore: isMissing("man", "lexgrog"),
  async fn() {
    const dir = await Deno.makeTempDir();
    assert.equal((await run(["man", "--out", dir])).code, 0);
    const pages = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    const commands = (await everyCommand()).map(({ path }) =>
      `${["mysimbdp", ...path].join("-")}.1`
    );
    assert.deepEqual(pages, commands.sort());
    for (const page of pages) {
      const path = join(dir, page);
      const shown = await runTool("man", ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path]);
      assert.equal(shown.stderr, "", page);
      const { stdout } = await runTool("lexgrog", [path]);
      assert.match(stdout, new RegExp(`: "${page.slice(0, -2)} - `));
    }
    const single = await run(["man", "manage", "tenant", "deploy"]);
    assert.equal(
      single.stdout,
      Deno.readTextFileSync(join(dir, "mysimbdp-manage-tenant-deploy.1")),
    );
    assert.equal((await run(["man", "nonsense"])).code, 2);
    await Deno.remove(dir, { recursive: true });
  },
});

/** Returns what a command prints on a terminal of 80 columns. */
async function onTerminal(args: string[], env: Record<string, string>): Promise<string> {
  const line = [binary(), ...args].map((word) => `'${word}'`).join(" ");
  const { stdout } = await runTool("script", ["-qec", `stty cols 80; ${line}`, "/dev/null"], {
    env: { TERM: "xterm", NO_COLOR: "", ...env },
  });
  return stdout.replaceAll("\r", "");
}

Deno.test({
  name: "on a terminal: colors unless NO_COLOR or TERM=dumb, tables within its width",
  ignore: isMissing("script", "stty"),
  async fn() {
    await using platform = await Platform.create();
    const long = `${"long-name-".repeat(12)}.csv`;
    const input = await platform.inputDir({ "a.txt": "x" });
    await platform.seedAccounts();
    const { url } = await platform.serve();
    const fetch = ["fetch", "-u", "customer-1", "-p", "password-1", "-d", input, "--server", url];
    // deno-lint-ignore no-control-regex
    const coloured = /\x1b\[[0-9;]*m/;
    assert.match(await onTerminal(fetch, {}), coloured);
    assert.doesNotMatch(await onTerminal(fetch, { NO_COLOR: "1" }), coloured);
    assert.doesNotMatch(await onTerminal(fetch, { TERM: "dumb" }), coloured);
    assert.doesNotMatch(await onTerminal([...fetch, "--no-color"], {}), coloured);
    const piped = await run(fetch, { env: { NO_COLOR: "" } });
    assert.doesNotMatch(piped.stdout + piped.stderr, coloured);

    await platform.stage("customer-1", long, "x\n1\n");
    await platform.run("manage", "--once");
    const files = ["manage", "files", "--data", platform.data];
    const lines = (await onTerminal(files, {})).split("\n");
    assert.ok(lines.length > 1);
    for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
    assert.ok((await platform.must("manage", "files")).includes(long), "a pipe gets all of it");
  },
});
