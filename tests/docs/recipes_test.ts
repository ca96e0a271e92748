import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../harness/process.ts";
import { type Block, readDoc } from "./markdown.ts";

/** A recipe of the chapter: a file, a module and what the module makes of the file. */
interface Recipe {
  title: string;
  fileName: string;
  file: string;
  module: string;
  output: string;
}

const GUIDE = readDoc("docs/module-guide.md");
const CHAPTER = /^## Messy files\n([\s\S]*?)(?=^## )/m.exec(GUIDE.text);

/** The blocks of each `###` section: the file, the module, the output of `module test`. */
function recipes(): Recipe[] {
  const [, chapter = ""] = CHAPTER ?? [];
  return chapter.split(/^### /m).slice(1).map((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    const blocks = [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
      .map(([, language = "", text = ""]): Pick<Block, "language" | "text"> => ({
        language,
        text,
      }));
    const [file, module, output] = blocks;
    assert.ok(file && module?.language === "ts" && output, `"${title}" has no three blocks`);
    const fileName = `sample.${file.language}`;
    return { title, fileName, file: file.text, module: module.text, output: output.text };
  });
}

/** Without the trailing blanks that `deno fmt` may add or remove. */
function lines(text: string): string[] {
  return text.trimEnd().split("\n").map((line) => line.trimEnd());
}

Deno.test("the guide has a chapter of recipes for messy files", () => {
  assert.ok(recipes().length >= 12, `${recipes().length} recipes`);
});

for (const { title, fileName, file, module, output } of recipes()) {
  Deno.test(`docs/module-guide.md, Messy files: ${title}`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      await Deno.mkdir(join(dir, "module"));
      await Deno.writeTextFile(join(dir, "module/ingest.ts"), module);
      await Deno.writeTextFile(join(dir, fileName), file);
      const { stdout, stderr } = await run(["fetch", "module", "test", "module", fileName], {
        cwd: dir,
      });
      // The first two lines name the file.
      assert.deepEqual(lines(stdout + stderr).slice(2), lines(output));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
