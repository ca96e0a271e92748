import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { openProxied, type ProxyName } from "../harness/proxies.ts";
import { browserTest, dropFile, openBrowser, signIn } from "./browser.ts";

const SECONDS = 30_000;

// nginx passes the prefix to the server, Caddy removes it.
for (const name of ["nginx", "caddy"] satisfies ProxyName[]) {
  browserTest(
    `behind ${name}, below a path: signing in, sending a file, events, forms`,
    async () => {
      await using proxied = await openProxied(name);
      const { platform, url, password } = proxied;
      const tenant = join(ROOT, "tenants/customer-1");
      await platform.must("manage", "tenant", "deploy", "customer-1", tenant);
      platform.manage();
      await using browser = await openBrowser();
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      page.setDefaultTimeout(SECONDS);
      const faults: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") faults.push(message.text());
      });
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("request", (request) => {
        if (!request.url().startsWith(url)) faults.push(`outside: ${request.url()}`);
      });
      page.on("response", (response) => {
        if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
      });

      await signIn(page, url, "customer-1", "password-1");
      assert.equal(page.url(), `${url}/`);
      const [cookie] = await page.context().cookies();
      assert.deepEqual(
        [cookie?.name, cookie?.path, cookie?.secure, cookie?.sameSite],
        ["__Secure-mysimbdp_session", "/intake", true, "Strict"],
      );
      await dropFile(page, "a.csv", "no,such,columns\n1,2,3\n");
      const sent = page.getByRole("listitem").filter({ hasText: "a.csv" });
      await sent.getByRole("link", { name: "a.csv" }).waitFor();
      // Without a reload: the stream of events reports the change.
      await page.getByRole("row", { name: /a\.csv/ }).getByText(/failed|loaded/).waitFor();
      await sent.getByRole("link", { name: "a.csv" }).click();
      await page.getByRole("heading", { name: "a.csv" }).waitFor();
      await page.getByRole("link", { name: "Module" }).click();
      await page.getByRole("heading", { name: "Module" }).first().waitFor();
      await page.getByRole("link", { name: "API", exact: true }).click();
      await page.getByText(`SERVER=${url}`).waitFor();
      await page.getByRole("link", { name: "List files" }).click();
      assert.equal(page.url(), `${url}/docs#listFiles`);
      await page.goto(`${url}/`);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL(`${url}/sign-in`);
      assert.deepEqual(await page.context().cookies(), []);

      await signIn(page, url, "admin", password, "Operator");
      assert.equal(page.url(), `${url}/operator`);
      await page.goto(`${url}/operator/tenants/customer-1`);
      await page.getByLabel("Files at a time").fill("3");
      await page.getByRole("button", { name: "Save limits" }).click();
      await page.getByText("Saved, applies to new uploads.").waitFor();
      await page.getByRole("link", { name: "Audit log" }).click();
      await page.getByRole("row", { name: /constraints|limits/i }).first().waitFor();
      assert.deepEqual(faults, []);
    },
    [name],
  );
}
