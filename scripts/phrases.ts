/**
 * `deno run --allow-read scripts/phrases.ts`: finds phrases that read as translated, in everything
 * that people read. Prints each with its place and a better one, and exits with 1 if there is one.
 *
 * @module
 */
import { join, relative } from "node:path";

const ROOT = join(import.meta.dirname ?? ".", "..");
const PLACES = ["src", "docs", "scripts", "tests", "tenants", "packaging", ".ci"];
const FILES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deno.json"];
const TEXT = /\.(tsx?|js|css|md|json|toml|yml|py|go|sh)$|\/(run|postinst|postrm|prerm)$/;

/** A phrase that must not return, and what to write instead. */
const PHRASES: [phrase: RegExp, better: string][] = [
  [/\bmend(s|ed|ing)?\b/i, "fix, correct"],
  [/\b(go|goes|going|gone|went) on (with|from|where)\b/i, "resume, continue"],
  [/\b(brought|brings?|bringing) .{0,30}\bforward\b/i, "upgrade"],
  [/\b(came|come|comes) to (no|some) good\b/i, "failed"],
  [/\b(is|are|was|were|be|been) told\b/i, "reports, shows, returns"],
  [/\b(tells|told) (of|about)\b/i, "reports, lists"],
  [/\b(is|are|was|were) at fault\b/i, "failed, has errors"],
  [/\bat most so many\b/i, "maximum number of"],
  [/\b(hears?|heard) of\b/i, "subscribe to, notice"],
  [/\b(is|are|was|were|be) kept out\b/i, "not stored, rejected"],
  [/\b(did|does|do) not get in\b/i, "not loaded, not stored"],
  [/\bIts life\b/, "Timeline"],
  [/\buid 0\b/, "root (command line)"],
  [/\b(is|are) another than\b/i, "does not match, differs from"],
  [/\bgood for nothing\b/i, "invalidated"],
  [/\blooked through\b/i, "scanned"],
  [/\b(stays?|remains?|is|are) in force\b/i, "stays active"],
  [/\bcounts? for nothing\b/i, "is ignored"],
  [/\bat most [\d.]+ % may be\b/i, "limit: 1 %"],
];

function* textFiles(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* textFiles(path);
    else if (TEXT.test(path)) yield path;
  }
}

function* findings(path: string): Generator<string> {
  const name = relative(ROOT, path);
  if (name === "scripts/phrases.ts") return;
  for (const [index, line] of Deno.readTextFileSync(path).split("\n").entries()) {
    for (const [phrase, better] of PHRASES) {
      const found = phrase.exec(line)?.[0];
      if (found) yield `${name}:${index + 1}: "${found}" → ${better}`;
    }
  }
}

const paths = PLACES.flatMap((place) => [...textFiles(join(ROOT, place))])
  .concat(FILES.map((name) => join(ROOT, name)));
const found = paths.flatMap((path) => [...findings(path)]);
for (const line of found) console.error(line);
console.log(found.length === 0 ? "phrases: ok" : `phrases: ${found.length} to rewrite`);
if (found.length > 0) Deno.exit(1);
