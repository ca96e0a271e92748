import { delimiter, join } from "node:path";
import { existsSync } from "node:fs";

/**
 * Whether the machine lacks a tool that a test needs; prints a line if so.
 *
 * @example
 * ```ts ignore
 * Deno.test({ name: "…", ignore: isMissing("zsh"), fn() { … } });
 * ```
 */
export function isMissing(...tools: string[]): boolean {
  const folders = [...(Deno.env.get("PATH") ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  const missing = tools.filter((tool) => !folders.some((dir) => existsSync(join(dir, tool))));
  if (missing.length > 0) console.error(`skipped: not installed: ${missing.join(", ")}`);
  return missing.length > 0;
}

/** Runs a tool and waits until it has ended. */
export async function runTool(
  tool: string,
  args: string[],
  { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(tool, {
    args,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
