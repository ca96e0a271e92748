import assert from "node:assert/strict";
import { creation, type Harness, withApp } from "./harness.ts";

const MAX_UPLOADS = 5;
const LIMITS = { formats: [".csv"], number_files: MAX_UPLOADS, data_sizes: 1 };

async function begin({ send }: Harness, n: number): Promise<void> {
  const headers = creation(`${n}.csv`, 10);
  assert.equal((await send("/v1/uploads", { method: "POST", headers })).status, 201);
}

/** Returns the warnings on the customer's page. */
async function warnings({ app, send }: Harness): Promise<string[]> {
  const { token } = await (await send("/v1/session", { method: "POST" })).json();
  const headers = { Cookie: `mysimbdp_session=${token}` };
  const page = await (await app.request("/", { headers })).text();
  assert.match(page, /id="limits-card"/);
  return [...page.matchAll(/<p class="notice warn">(.*?)<\/p>/g)].map(([, text = ""]) => text);
}

Deno.test("a customer is warned at 80 % of the upload limit, and when it is reached", () =>
  withApp(async (harness) => {
    for (let n = 1; n <= 3; n++) await begin(harness, n);
    assert.deepEqual(await warnings(harness), []);
    await begin(harness, 4);
    assert.deepEqual(await warnings(harness), ["Close to the limit: 4 of 5 uploads in progress."]);
    await begin(harness, 5);
    assert.deepEqual(await warnings(harness), [
      "Limit reached: finish the current uploads first.",
    ]);
  }, { app: { defaultConstraints: LIMITS }, passwords: { "customer-1": "secret" } }));
