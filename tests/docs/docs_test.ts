import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { SETTINGS } from "../../src/config/schema.ts";
import { VERSION } from "../../src/base/version.ts";
import { PROBLEMS } from "../../src/serve/http/problems.ts";
import { ROOT } from "../harness/binary.ts";
import { run } from "../harness/process.ts";
import { type Block, coded, readDoc, readDocs, tableBelow } from "./markdown.ts";

const DOCS = readDocs();
const source = (path: string) => Deno.readTextFileSync(join(ROOT, path));
const denoJson = JSON.parse(source("deno.json"));

Deno.test("every link within the repository has a target", () => {
  for (const { path, prose } of DOCS) {
    for (const [, target = ""] of prose.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const file = join(ROOT, dirname(path), target.replace(/#.*$/, ""));
      assert.ok(existsSync(file), `${path} links to "${target}"`);
    }
  }
});

Deno.test("docs/operations.md has the configurations of proxies that are tested", () => {
  const text = readDoc("docs/operations.md").text;
  for (const { name } of Deno.readDirSync(join(ROOT, "docs/proxies"))) {
    assert.ok(text.includes(`\n${source(`docs/proxies/${name}`)}\`\`\`\n`), name);
  }
});

Deno.test("every path that a document names exists", () => {
  const named = /^(?:src|tests|scripts|docs|tenants|\.ci)\/[^<>*…:]*$/;
  for (const { path, prose } of DOCS) {
    for (const name of coded(prose).filter((text) => named.test(text))) {
      assert.ok(existsSync(join(ROOT, name)), `${path} names "${name}"`);
    }
  }
});

Deno.test("every task that a document names exists", () => {
  for (const { path, text } of DOCS) {
    for (const [, task = ""] of text.matchAll(/npx deno@[\d.]+ task ([a-z:]+)/g)) {
      assert.ok(task in denoJson.tasks, `${path} names the task "${task}"`);
    }
  }
});

/** The command lines of the program in a shell block, without pipes and substitutions. */
function commandLines({ text }: Block): string[] {
  const lines = text.replaceAll("\\\n", " ").split("\n");
  return lines.flatMap((line) => {
    const found = /(?:^|\$\(|-- )mysimbdp ([^|;&)]*)/.exec(line);
    return found ? [(found[1] ?? "").trim()] : [];
  });
}

/** The longest prefix of the words that is a command, with its help. */
async function helpOf(words: string[]): Promise<{ depth: number; help: string }> {
  for (let depth = Math.min(4, words.length); depth > 0; depth--) {
    const command = words.slice(0, depth);
    const { code, stdout } = await run([...command, "--help"]);
    const usage = `Usage: mysimbdp ${command.join(" ")} `;
    if (code === 0 && stdout.includes(usage)) return { depth, help: stdout };
  }
  return { depth: 0, help: "" };
}

Deno.test("every command line in a document is known to the program", async () => {
  for (const block of DOCS.flatMap((doc) => doc.blocks)) {
    if (block.language !== "sh") continue;
    for (const line of commandLines(block)) {
      const words = line.split(/\s+/);
      const { depth, help } = await helpOf(words);
      // `manage` alone is `manage run`.
      const all = words[0] === "manage" && depth === 1
        ? (await run(["manage", "run", "--help"])).stdout
        : help;
      const next = words[depth] ?? "-";
      const isWhole = depth > 0 && (next.startsWith("-") || !help.includes("\nCommands:\n"));
      assert.ok(isWhole, `${block.where}: unknown command in "${line}"`);
      const flags = words.filter((word) => /^--?[a-z]/.test(word));
      for (const flag of flags) {
        assert.match(all, new RegExp(`^ +.*${flag}\\b`, "m"), `${block.where}: "${flag}"`);
      }
    }
  }
});

/** Defaults that depend on the machine. */
const OF_MACHINE: Record<string, string> = {
  "manage.concurrency": "number of cores",
  "manage.memory_mb": "half of the memory",
};

Deno.test("docs/operations.md lists the settings of the program", () => {
  const rows = tableBelow(readDoc("docs/operations.md"), "setting", "default");
  const expected = SETTINGS.map(({ name, variable, default: value, description }) => {
    const shown = OF_MACHINE[name] ?? `\`${JSON.stringify(value)}\``;
    return [`\`${name}\``, shown, `\`${variable}\``, description];
  });
  assert.deepEqual(rows, expected);
});

Deno.test("docs/operations.md lists the metrics of serve", () => {
  const rows = tableBelow(readDoc("docs/operations.md"), "metric");
  const documented = rows.flatMap(([cell = ""]) => coded(cell)).map((name) => name.split("{")[0]);
  const files = [
    "src/serve/api/metrics.ts",
    "src/serve/api/staging_metrics.ts",
    "src/telemetry/metrics.ts",
  ];
  const served = files.flatMap((path) =>
    [...source(path).matchAll(/"(mysimbdp_\w+)"/g)].map((found) => found[1])
  );
  assert.deepEqual([...new Set(documented)].sort(), [...new Set(served)].sort());
});

Deno.test("docs/api.md lists the problem types of the server, with their statuses", () => {
  const rows = tableBelow(readDoc("docs/api.md"), "type", "status");
  const documented = rows.map(([type = "", status, when]) => [coded(type)[0], status, when]);
  const known = Object.entries(PROBLEMS).map((
    [code, { status, when }],
  ) => [code, String(status), when]);
  assert.deepEqual(documented, known);
});

Deno.test("docs/architecture.md has the same rules as scripts/layers.ts", () => {
  const rows = tableBelow(readDoc("docs/architecture.md"), "folder", "what it holds");
  const documented = rows.map(([folder = "", , may = ""]) => [coded(folder)[0], coded(may)]);
  const rules = /const MAY_IMPORT[^=]*= (\{[\s\S]*?\n\});/.exec(source("scripts/layers.ts"))?.[1];
  // The rules are a literal in a script that ends the process when it is imported.
  const expected: Record<string, string[]> = new Function(`return ${rules}`)();
  const sorted = (entries: [string, string[]][]) =>
    Object.fromEntries(entries.map(([folder, may]) => [folder, may.toSorted()]));
  assert.deepEqual(sorted(documented as [string, string[]][]), sorted(Object.entries(expected)));
});

Deno.test("the README has at most 150 lines, and docs/README.md links to every document", () => {
  assert.ok(source("README.md").trimEnd().split("\n").length <= 150);
  const index = readDoc("docs/README.md").text;
  for (const { path } of DOCS) {
    const name = path.replace(/^docs\//, "");
    if (name === path || name === "README.md") continue;
    assert.ok(index.includes(`](${name})`), name);
  }
});

Deno.test("docs/dependencies.md lists every dependency", () => {
  const rows = tableBelow(readDoc("docs/dependencies.md"), "package");
  const documented = rows.flatMap(([name = ""]) => coded(name));
  // A name that ends with a slash gives access to single files of a package listed without it.
  const expected = Object.keys(denoJson.imports).filter((name) =>
    name !== "mysimbdp" && !name.endsWith("/")
  );
  assert.deepEqual(documented.sort(), expected.sort());
});

Deno.test("the version is the same everywhere", () => {
  const changelog = /^## \[(\d+\.\d+\.\d+)\]/m.exec(source("CHANGELOG.md"))?.[1];
  assert.equal(denoJson.version, VERSION);
  assert.equal(changelog, VERSION);
});

Deno.test("docs/module-guide.md shows the template in tenants/", () => {
  const code = (text: string) => text.replace(/^ *\/\/.*\n/gm, "").trim();
  const shown = readDoc("docs/module-guide.md").blocks.filter(({ language }) => language === "ts");
  assert.equal(code(shown[0]?.text ?? ""), code(source("tenants/template/ingest.ts")));
});

Deno.test("the examples in the comments of src/ run", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    const config = ["--config", join(ROOT, "deno.json")];
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      // Unchecked: the runner imports types along, and unused imports are errors here.
      args: ["test", "--doc", "--no-check", "--allow-all", ...config, join(ROOT, "src")],
      cwd,
      env: { NO_COLOR: "1" },
      stderr: "null",
    }).output();
    assert.ok(success, new TextDecoder().decode(stdout).split(" ERRORS ")[1]);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
