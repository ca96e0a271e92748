import assert from "node:assert/strict";
import {
  invisibleIn,
  withAllShown,
  withInvisibleEscaped,
  withInvisibleShown,
} from "../../src/base/invisible.ts";

Deno.test("characters that cannot be seen are found, with their position", () => {
  const hidden = [
    0x00,
    0x1f,
    0x7f,
    0x85,
    0xad,
    0x34f,
    0x61c,
    0x115f,
    0x1160,
    0x17b4,
    0x180e,
    0x200b,
    0x200c,
    0x200d,
    0x200e,
    0x2028,
    0x2029,
    0x202e,
    0x2060,
    0x2063,
    0x2066,
    0x2800,
    0x3164,
    0xfe0f,
    0xfeff,
    0xffa0,
    0xfff9,
    0xe000,
    0x0378,
    0xffff,
    0x1d173,
    0x13430,
    0xe0001,
    0xe0041,
    0xe0100,
    0xf0000,
    0x10ffff,
    0xd800,
  ];
  for (const code of hidden) {
    const name = `\u{1f600}y${String.fromCodePoint(code)}b.csv`;
    const shown = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    assert.deepEqual(invisibleIn(name), { code: shown, position: 3 }, shown);
    assert.equal(invisibleIn(withInvisibleShown(name)), null, shown);
  }
});

Deno.test("emoji and the spelling of words can be seen", () => {
  const names = [
    "größe 日本 Ω.csv",
    "❤️ 1️⃣ ☎︎.csv",
    "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 👩🏽‍💻.csv",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿.csv",
    "می‌خواهم.csv",
    "क्‍ष.csv",
    "葛\u{e0100}城.csv",
    "e\u0301.csv",
    "a b.csv",
  ];
  for (const name of names) {
    assert.equal(invisibleIn(name), null, name);
    assert.equal(withInvisibleShown(name), name);
  }
  // In code they are shown: a name with them can look like one without.
  assert.equal(withAllShown("می‌خواهم"), "می\\u200cخواهم");
});

Deno.test("joiners, selectors and tags elsewhere cannot be seen", () => {
  for (const name of ["a\u200db", "1\ufe0f", "a\ufe0f", "\u{e0067}", "👍\u200d", "م\u200c.csv"]) {
    assert.notEqual(invisibleIn(name), null, JSON.stringify(name));
  }
});

Deno.test("in JSON they are escaped, and the value stays the same", () => {
  const value = { name: "a\u200b\u{e0041}b\u0085\u202e❤️" };
  const json = withInvisibleEscaped(JSON.stringify(value));
  assert.deepEqual(JSON.parse(json), value);
  assert.equal(json, '{"name":"a\\u200b\\udb40\\udc41b\\u0085\\u202e❤️"}');
});
