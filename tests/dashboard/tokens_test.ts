import assert from "node:assert/strict";
import { browserTest, openBrowser, signIn } from "./browser.ts";
import { openStage } from "./stage.ts";

browserTest("API tokens are listed and revoked on the pages of customer and operator", async () => {
  await using stage = await openStage();
  const { server: { url }, password } = stage;
  const Authorization = `Basic ${btoa("customer-1:password-1")}`;
  const create = async (name: string): Promise<string> => {
    const body = JSON.stringify({ name });
    const created = await fetch(`${url}/v1/tokens`, {
      method: "POST",
      headers: { Authorization },
      body,
    });
    return (await created.json()).token;
  };
  const statusOf = async (token: string) => {
    const response = await fetch(`${url}/v1/usage`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    await response.body?.cancel();
    return response.status;
  };
  const [nightly, laptop] = [await create("nightly export"), await create("<b>laptop</b>")];

  await using browser = await openBrowser();
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await signIn(page, url, "customer-1", "password-1");
  const tokens = page.getByRole("region", { name: "API tokens" }).first();
  await tokens.getByText("<b>laptop</b>", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Revoke nightly export" }).click();
  await page.getByRole("button", { name: "Revoke nightly export" }).waitFor({ state: "detached" });
  assert.deepEqual([await statusOf(nightly), await statusOf(laptop)], [401, 200]);
  await page.getByRole("button", { name: "Sign out" }).click();

  await signIn(page, url, "admin", password, "Operator");
  await page.goto(`${url}/operator/tenants/customer-1`);
  await page.getByRole("button", { name: "Revoke <b>laptop</b>" }).click();
  await page.getByText("No API tokens").waitFor();
  assert.equal(await statusOf(laptop), 401);
  await page.goto(`${url}/operator/audit`);
  await page.getByRole("row", { name: /admin.*token\.revoke.*customer-1.*done/ }).waitFor();
});
