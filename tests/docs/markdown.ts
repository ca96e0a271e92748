import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";

/** How a fenced block is run, from the comment before it: `run: tour exit=1`. */
export interface RunMark {
  /** The blocks of one session run in one folder, in the order of the document. */
  session: string;
  /** Each line starts a service that keeps running. */
  background: boolean;
  exit: number;
}

/** A fenced block of a document. */
export interface Block {
  /** Path and line, for messages. */
  where: string;
  language: string;
  text: string;
  run: RunMark | null;
}

/** A document of the repository. */
export interface Doc {
  /** Path within the repository. */
  path: string;
  text: string;
  blocks: Block[];
  /** The text without its fenced blocks. */
  prose: string;
}

/** All documents of the project. */
export function readDocs(): Doc[] {
  const inDocs = [...Deno.readDirSync(join(ROOT, "docs"))].map(({ name }) => `docs/${name}`);
  const paths = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "tenants/README.md", ...inDocs];
  return paths.filter((path) => path.endsWith(".md")).sort().map(readDoc);
}

export function readDoc(path: string): Doc {
  const text = Deno.readTextFileSync(join(ROOT, path));
  const blocks: Block[] = [];
  const prose = text.replace(
    /(?:<!-- run: ([^>]+) -->\n\n)?^```(\w*)\n([\s\S]*?)^```$/gm,
    (_whole, mark: string | undefined, language: string, body: string, at: number) => {
      const line = text.slice(0, at).split("\n").length;
      blocks.push({ where: `${path}:${line}`, language, text: body, run: runMark(mark) });
      return "";
    },
  );
  return { path, text, blocks, prose };
}

function runMark(mark: string | undefined): RunMark | null {
  if (mark === undefined) return null;
  const [session = "", ...words] = mark.trim().split(/\s+/);
  const exit = words.find((word) => word.startsWith("exit="))?.slice("exit=".length) ?? "0";
  return { session, background: words.includes("background"), exit: Number(exit) };
}

/** The rows of the first table whose header starts with these cells. */
export function tableBelow(doc: Doc, ...header: string[]): string[][] {
  const lines = doc.text.split("\n");
  const start = lines.findIndex((line) => {
    const cells = cellsOf(line);
    return header.every((cell, column) => cells[column] === cell);
  });
  if (start < 0) throw new Error(`${doc.path} has no table "${header.join(" | ")}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith("|")) break;
    rows.push(cellsOf(line));
  }
  return rows;
}

function cellsOf(line: string): string[] {
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}

/** The words in backticks in a cell. */
export function coded(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((found) => found[1] ?? "");
}
