/** A line of a unified diff, and what it is. */
export interface DiffLine {
  text: string;
  tone: "at" | "add" | "del" | undefined;
}

/** The maximum size of a page. A line is never cut, however long. */
const PAGE = { lines: 1_000, chars: 256 * 1024 };

/**
 * The pages of a unified diff. Which lines are headers follows from the counts in the hunks, not from how
 * a line looks: a module could contain such lines.
 *
 * @returns at least one page
 */
export function diffPages(diff: string): DiffLine[][] {
  const pages: DiffLine[][] = [[]];
  let chars = 0;
  for (const line of linesOf(diff)) {
    const page = pages.at(-1)!;
    const isFull = page.length >= PAGE.lines || chars + line.text.length > PAGE.chars;
    if (isFull && page.length > 0) {
      pages.push([line]);
      chars = line.text.length;
    } else {
      page.push(line);
      chars += line.text.length;
    }
  }
  return pages;
}

function* linesOf(diff: string): Generator<DiffLine> {
  if (diff === "") return;
  // The lines of the current hunk that are still to come.
  let [removed, added] = [0, 0];
  for (const text of diff.replace(/\n$/, "").split("\n")) {
    const sign = text[0] ?? " ";
    if (removed + added === 0) {
      const hunk = /^@@ -\d+,(\d+) \+\d+,(\d+) @@/.exec(text);
      if (hunk) [removed, added] = [Number(hunk[1]), Number(hunk[2])];
      yield { text, tone: sign === "\\" ? undefined : "at" };
      continue;
    }
    if (sign === "-" || sign === " ") removed--;
    if (sign === "+" || sign === " ") added--;
    yield { text, tone: sign === "+" ? "add" : sign === "-" ? "del" : undefined };
  }
}
