import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { outcomeOf } from "../../src/manage/outcome.ts";

const INTERNALS = 'role "x_one" at 10.0.0.1:9042, /var/lib/mysimbdp/db/tenants/one.sqlite';

Deno.test("outcome: a failure of the platform shows its customer none of its text", () => {
  const errors = [
    ...["storage-unreachable", "storage-credentials", "storage-full", "some-new-code"]
      .map((code) => new Failure("storage", code, INTERNALS, { hint: INTERNALS })),
    new Failure("internal", "storage-error", INTERNALS),
    new TypeError(INTERNALS),
  ];
  for (const error of errors) {
    const outcome = outcomeOf(error);
    assert.ok(outcome.type === "retry");
    assert.equal(outcome.endless, error instanceof Failure && error.kind === "storage");
    assert.ok(outcome.detail.includes(INTERNALS));
    for (const { message } of [outcome.reason, outcome.lastReason]) {
      assert.match(message, /^Cannot load the file( yet)?: the platform/);
      assert.ok(!/x_one|10\.0\.0\.1|sqlite/.test(message), message);
    }
  }
});

Deno.test("outcome: a fault of the file or its module is shown as it is", () => {
  const outcome = outcomeOf(
    new Failure("refused", "bad-row", "Cannot read it", { hint: "Fix it" }),
  );
  assert.deepEqual(outcome, {
    type: "quarantined",
    reason: { code: "bad-row", message: "Cannot read it. Fix it" },
    rows: null,
  });
});
