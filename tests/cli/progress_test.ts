import assert from "node:assert/strict";
import { ProgressBars } from "../../src/cli/terminal/progress.ts";
import { widthOf } from "../../src/cli/terminal/text.ts";

const MIB = 1024 * 1024;
const NAME = "a-file-with-quite-a-long-name-日本語.csv";

/** Returns what a terminal shows; supports only cursor up and erase below. */
function screenOf(output: string): string[] {
  const lines: string[] = [""];
  let row = 0;
  // deno-lint-ignore no-control-regex
  for (const [token, command] of output.matchAll(/\u001b\[(\d*[A-Za-z])|[\s\S]/gu)) {
    if (command?.endsWith("A")) row -= parseInt(command);
    else if (command === "J") lines.splice(row, lines.length, "");
    else if (token === "\n") lines[++row] ??= "";
    else if (token !== "\r" && command === undefined) lines[row] += token;
  }
  return lines.filter((line) => line !== "");
}

/** Bars for two files, half done, on a terminal of some width. */
function halfDone(columns: number) {
  let output = "";
  let now = 0;
  const write = (text: string) => void (output += text);
  const terminal = { isTerminal: true, columns: () => columns, write };
  const bars = new ProgressBars(terminal, { color: true, now: () => now });
  bars.expect(30 * MIB);
  bars.update(NAME, 20 * MIB, 0);
  bars.update("b.csv", 10 * MIB, 5 * MIB);
  now = 2000;
  bars.update(NAME, 20 * MIB, 10 * MIB);
  return { bars, write, screen: () => screenOf(output) };
}

function untilDrawn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150));
}

Deno.test("no line is as wide as the terminal, however narrow", async () => {
  const widths = [120, 80, 60, 40, 30, 20, 12];
  const all = widths.map((columns) => ({ columns, ...halfDone(columns) }));
  await untilDrawn();
  for (const { columns, bars, screen } of all) {
    const lines = screen();
    bars.close();
    assert.equal(lines.length, 3, "two files and the total");
    for (const line of lines) assert.ok(widthOf(line) < columns, `${columns}: ${line}`);
    assert.match(lines[0]!, /50%/);
    assert.match(lines[2]!, /^t.*50%/);
  }
});

Deno.test("lines printed above stay intact, and no bar remains at the end", async () => {
  const { bars, write, screen } = halfDone(60);
  await untilDrawn();
  bars.finish("b.csv", 10 * MIB);
  bars.above(() => write("sent  b.csv\n"));
  await untilDrawn();
  assert.deepEqual([screen()[0], screen().length], ["sent  b.csv", 3]);
  assert.match(screen()[2]!, /^total.*66%/);
  bars.abandon(NAME, 20 * MIB);
  bars.above(() => write("failed  a\n"));
  bars.close();
  assert.deepEqual(screen(), ["sent  b.csv", "failed  a"]);
});

Deno.test("the line about waiting files is below the bars, and stays after all uploads", async () => {
  const { bars, screen } = halfDone(60);
  bars.wait("waiting for c.csv: in the queue, 3 files ahead");
  await untilDrawn();
  assert.match(screen().at(-1)!, /^waiting for c\.csv: in the queue/);
  assert.match(screen().at(-2)!, /^total/);
  bars.finish(NAME, 20 * MIB);
  bars.finish("b.csv", 10 * MIB);
  bars.wait("waiting for 2 files: loading");
  await untilDrawn();
  assert.deepEqual(screen(), ["waiting for 2 files: loading"]);
  bars.close();
  assert.deepEqual(screen(), []);
});
