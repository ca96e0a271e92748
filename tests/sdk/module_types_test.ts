import assert from "node:assert/strict";
import { generateTypes } from "../../scripts/module_types.ts";
import { moduleTypes } from "../../src/sdk/author/starter.ts";

Deno.test("the types of the starter match src/sdk; if not, run: deno task types", () => {
  assert.equal(moduleTypes(), generateTypes());
  assert.match(moduleTypes(), /export declare function defineIngest</);
  assert.doesNotMatch(moduleTypes(), /^import /m);
});
