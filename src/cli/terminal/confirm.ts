import type { CommandIo } from "./io.ts";

/**
 * Asks a question on the terminal that only a plain yes answers with true. Without a terminal nobody
 * is asked, and the answer is true: a script has decided before.
 */
export async function confirmed({ stdin, stdout }: CommandIo, question: string): Promise<boolean> {
  if (!stdin.isTerminal || !stdout.isTerminal) return true;
  stdout.write(`${question} [y/N] `);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(256);
  let line = "";
  while (!line.includes("\n")) {
    const count = await stdin.read(buffer);
    if (count === null) break;
    line += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return /^\s*y(es)?\s*$/i.test(line);
}
