import type { CommandIo } from "./io.ts";

/**
 * Asks a yes-or-no question on the terminal; returns true only for yes. Without a terminal it returns
 * true, because a script cannot answer.
 */
export async function confirmed({ stdin, stdout }: CommandIo, question: string): Promise<boolean> {
  if (!stdin.isTerminal || !stdout.isTerminal) return true;
  stdout.write(`${question} [y/N] `);
  return /^\s*y(es)?\s*$/i.test(await readLine(stdin));
}

/** Reads a line from standard input. */
export async function readLine(stdin: CommandIo["stdin"]): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(256);
  let line = "";
  while (!line.includes("\n")) {
    const count = await stdin.read(buffer);
    if (count === null) break;
    line += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return line;
}
