import assert from "node:assert/strict";
import { RepeatedKeys } from "../../src/sandbox/worker/repeated_keys.ts";
import { RunOutput } from "../../src/sandbox/worker/run_output.ts";
import { noticesSchema } from "../../src/sandbox/wire/messages.ts";

const NO_FILE = { sha256: "0".repeat(64), maxBytes: 0 };

/** The texts that are posted after these calls of `notice`. */
function posted(notices: [text: string, entry: string | null][]): string[] {
  const texts: string[] = [];
  const keys = new RepeatedKeys([], { ...NO_FILE, placeOf: String });
  const output = new RunOutput([], () => () => [], keys, (message) => {
    if (message.type === "notices") texts.push(...message.texts);
  });
  for (const [text, entry] of notices) output.notice(text, entry);
  output.flushNotices();
  output.flushNotices();
  return texts;
}

Deno.test("a notice is reported once, with the first entry of the archive and the number of others", () => {
  assert.deepEqual(
    posted([
      ["x is ignored", null],
      ["x is ignored", null],
      ["y is ignored", "a.csv"],
      ["y is ignored", "b.csv"],
      ["z is ignored", "b.csv"],
    ]),
    ["x is ignored", '"a.csv" (and 1 more): y is ignored', '"b.csv": z is ignored'],
  );
});

Deno.test("a file has 20 notices; the last says that there are more", () => {
  const many = Array.from({ length: 50 }, (_, i): [string, null] => [`notice ${i}`, null]);
  assert.equal(posted(many.slice(0, 20)).at(-1), "notice 19");
  const texts = posted(many);
  assert.deepEqual([texts.length, texts.at(-1)], [20, "there are more notices"]);
});

Deno.test("notices over the limits are not accepted from a sandbox", () => {
  assert.ok(noticesSchema.safeParse(["x".repeat(300)]).success);
  assert.ok(!noticesSchema.safeParse(["x".repeat(301)]).success);
  assert.ok(!noticesSchema.safeParse(Array(21).fill("x")).success);
  assert.ok(!noticesSchema.safeParse([{ text: "x" }]).success);
});
