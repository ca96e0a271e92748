import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../src/base/failure.ts";
import { placeOfMember, placeOfSyntaxError } from "../../src/config/json_place.ts";
import { parseListen } from "../../src/config/listen.ts";
import { loadConfig } from "../../src/config/load.ts";
import { capLimits, parseTenantJson } from "../../src/config/tenant_json.ts";

function failureOf(text: string): Failure {
  try {
    parseTenantJson(text, "tenant.json");
  } catch (thrown) {
    assert.ok(thrown instanceof Failure);
    assert.equal(thrown.code, "bad-tenant-json");
    return thrown;
  }
  throw new Error(`it was read: ${text}`);
}

Deno.test("the example in the contract is valid", () => {
  const text = '{"entry":"ingest.ts","permissions":{"write":["strikes"],"read":[],"net":[]},' +
    '"limits":{"memoryMb":256,"secondsPerFile":300,"rejectShare":0.01}}';
  const read = parseTenantJson(text, "tenant.json");
  const { secrets, ...permissions } = read.permissions;
  assert.deepEqual({ ...read, permissions }, JSON.parse(text));
  assert.deepEqual(secrets, []);
});

Deno.test("permissions default to none, limits have defaults", () => {
  assert.deepEqual(parseTenantJson("{}", "tenant.json"), {
    entry: "ingest.ts",
    permissions: { write: [], read: [], net: [], secrets: [] },
    limits: { memoryMb: 256, rejectShare: 0.01 },
  });
});

const BROKEN: [text: string, message: string][] = [
  ['{\n  "limits": {\n    "memoryMB": 5\n  }\n}', '"limits.memoryMB" in "tenant.json:3:5"'],
  ['{"entry": {"exec": ["python3", "a.py", "\\u0000"]}}', '"entry.exec.2" in "tenant.json:1:40"'],
  [
    `{"entry": {"exec": ["python3", "a.py", "${"x".repeat(1001)}"]}}`,
    '"entry.exec.2" in "tenant.json:1:40"',
  ],
  ['{"permissions": {"exec": []}}', '"permissions.exec" in "tenant.json:1:18"'],
  ['{\n"entri": "a.ts"}', '"entri" in "tenant.json:2:1"'],
  ['{"limits":\n{"rejectShare":1.5}}', '"limits.rejectShare" in "tenant.json:2:2"'],
  ['{"permissions":{"write":["a",\n "b b"]}}', '"permissions.write.1" in "tenant.json:2:2"'],
  ['{"permissions":{"net":["http://a"]}}', '"permissions.net.0" in "tenant.json:1:24"'],
  ['{"limits": []}', '"limits" in "tenant.json:1:2"'],
  ["[]", '"tenant.json:1:1": expected object'],
  ['{\n"entry": "a.ts",\n}', '"tenant.json:3:1": it is not JSON'],
  ["", '"tenant.json:1:1": it is not JSON'],
];

for (const [text, message] of BROKEN) {
  Deno.test(`the error for ${JSON.stringify(text)} has its position`, () => {
    const failure = failureOf(text);
    assert.ok(failure.message.includes(message), failure.message);
  });
}

Deno.test("an entry cannot leave its folder", () => {
  for (
    const entry of ["../a.ts", "/a.ts", "a/../../b.ts", "./a.ts", "a//b.ts", "a\\b.ts", "a", ""]
  ) {
    failureOf(JSON.stringify({ entry }));
  }
  for (const entry of ["a.ts", "src/a.b.js", "a/b/c.ts"]) {
    assert.equal(parseTenantJson(JSON.stringify({ entry }), "tenant.json").entry, entry);
  }
});

Deno.test("the operator's caps limit the tenant's limits", () => {
  const { sandbox } = loadConfig({ env: {}, configPath: "/dev/null" });
  const caps = { ...sandbox, memory_mb: 100, reject_share: 0.005 };
  const limits = { memoryMb: 256, rejectShare: 0.01 };
  assert.deepEqual(capLimits(limits, caps), {
    memoryMb: 100,
    rejectShare: 0.005,
  });
});

Deno.test("a member is found in any JSON, with any white space", () => {
  const key = fc.string({ minLength: 1 });
  const value = fc.oneof(fc.json(), fc.constant("[]"), fc.constant("{}"));
  const space = fc.constantFrom("", " ", "\n", "\n\n  ");
  fc.assert(fc.property(key, key, value, value, space, (one, two, first, second, gap) => {
    fc.pre(one !== two);
    const before = `{${gap}${JSON.stringify(one)}${gap}:${first},${gap}`;
    const place = placeOfMember(`${before}${JSON.stringify(two)}:${gap}${second}}`, [two]);
    const lines = before.split("\n");
    assert.deepEqual(place, { line: lines.length, column: (lines.at(-1) ?? "").length + 1 });
  }));
});

Deno.test("the position of a syntax error is where the JSON was broken", () => {
  const text = '{\n  "a": [1, {"b": null}],\n  "c": "\\u00e9 x"\n}';
  const cuts = fc.integer({ min: 0, max: text.length - 1 });
  fc.assert(fc.property(cuts, (cut) => {
    const broken = text.slice(0, cut) + "\u0001" + text.slice(cut);
    const lines = text.slice(0, cut).split("\n");
    const expected = { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
    assert.deepEqual(placeOfSyntaxError(broken), expected);
  }));
});

Deno.test("parseListen", () => {
  assert.deepEqual(parseListen("127.0.0.1:8080"), { hostname: "127.0.0.1", port: 8080 });
  assert.deepEqual(parseListen("[::1]:0"), { hostname: "::1", port: 0 });
  assert.deepEqual(parseListen("localhost:80"), { hostname: "localhost", port: 80 });
  for (
    const bad of ["", "8080", ":80", "a:", "a:65536", "::1:80", "a:b", "http://a:80", "a b:80"]
  ) {
    assert.equal(parseListen(bad), null, bad);
  }
});
