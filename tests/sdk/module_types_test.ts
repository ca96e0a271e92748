import assert from "node:assert/strict";
import { moduleTypes } from "../../scripts/module_types.ts";
import { MODULE_TYPES } from "../../src/sdk/author/module_types.ts";

Deno.test("module_types.ts is up to date with src/sdk (to update it: deno task types)", () => {
  assert.equal(MODULE_TYPES, moduleTypes());
  assert.match(MODULE_TYPES, /export declare function defineIngest</);
  assert.doesNotMatch(MODULE_TYPES, /^import /m);
});
