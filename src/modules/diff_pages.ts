/** A line of a unified diff, and what it is. */
export interface DiffLine {
  text: string;
  /** A header, an added line, a removed one, or null. */
  tone: "at" | "add" | "del" | null;
}

/** A page of a unified diff. */
export interface DiffPage {
  lines: DiffLine[];
  /** Whether its first line continues the last one of the page before. */
  startsWithin: boolean;
  /** Whether its last line continues on the next page. */
  endsWithin: boolean;
}

/** The maximum size of a page; a longer line continues on the next one. */
const PAGE = { lines: 1_000, chars: 256 * 1024 };

/**
 * The pages of a unified diff. Which lines are headers follows from the counts in the hunks, not from how
 * a line looks: a module could contain such lines.
 *
 * @returns at least one page
 */
export function diffPages(diff: string): DiffPage[] {
  const pages: DiffPage[] = [{ lines: [], startsWithin: false, endsWithin: false }];
  let chars = 0;
  const begin = (startsWithin: boolean) => {
    pages.push({ lines: [], startsWithin, endsWithin: false });
    chars = 0;
  };
  for (const { text, tone } of linesOf(diff)) {
    const { lines } = pages.at(-1)!;
    const isFull = lines.length >= PAGE.lines || chars + text.length > PAGE.chars;
    if (isFull && lines.length > 0) begin(false);
    textPages(text, PAGE.chars).forEach((part, index) => {
      if (index > 0) {
        pages.at(-1)!.endsWithin = true;
        begin(true);
      }
      pages.at(-1)!.lines.push({ text: part, tone });
      chars += part.length;
    });
  }
  return pages;
}

/**
 * Cuts a text into pages of `chars` UTF-16 units, never within a character.
 * @returns at least one page
 */
export function textPages(text: string, chars = PAGE.chars): string[] {
  const pages: string[] = [];
  let start = 0;
  while (text.length - start > chars) {
    const last = text.charCodeAt(start + chars - 1);
    const end = start + chars - (last >= 0xd800 && last < 0xdc00 ? 1 : 0);
    pages.push(text.slice(start, end));
    start = end;
  }
  return [...pages, text.slice(start)];
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
      yield { text, tone: sign === "\\" ? null : "at" };
      continue;
    }
    if (sign === "-" || sign === " ") removed--;
    if (sign === "+" || sign === " ") added--;
    yield { text, tone: sign === "+" ? "add" : sign === "-" ? "del" : null };
  }
}
