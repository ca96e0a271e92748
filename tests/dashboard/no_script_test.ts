import assert from "node:assert/strict";
import { keepAll } from "../harness/modules.ts";
import { browserTest, openBrowser, signIn } from "./browser.ts";
import { openStage } from "./stage.ts";

browserTest(
  "where the scripts do not load, forms put nothing into a URL, change nothing and say so",
  async () => {
    await using stage = await openStage(["customer-1"]);
    const { platform, server: { url }, password } = stage;
    await platform.deploy("customer-1", keepAll());
    await platform.stage("customer-1", "a.csv", 'x\n"never closed');
    const { id } = await platform.settled("customer-1", "a.csv");
    const version = (await platform.list("tenants/customer-1")).find((name) => /^v1-/.test(name));
    await using browser = await openBrowser();
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    const urls: string[] = [];
    page.on("request", (request) => urls.push(request.url()));
    await page.route("**/*.js", (route) => route.abort());
    const formsOf = async (path: string): Promise<number> => {
      await page.goto(url + path);
      const forms = await page.locator("form").all();
      for (const form of forms) {
        assert.equal(await form.getAttribute("method"), "post", `a form of ${path}`);
      }
      return forms.length;
    };

    assert.equal(await formsOf("/sign-in"), 1);
    await signIn(page, url, "admin", password, "Operator");
    for (const path of ["/operator", "/operator/files", "/operator/audit"]) await formsOf(path);
    await formsOf(`/operator/files/${id}`);
    await formsOf(`/operator/tenants/customer-1/module/${version}`);
    await formsOf("/operator/tenants");
    await page.locator("input[name=name]").fill("customer-9");
    await page.locator("input[name=password]").fill("the-secret");
    await page.locator("form:has(input[name=password]) button").click();
    await page.getByText("This form needs the page's script, which did not load").waitFor();
    const users = await Deno.readTextFile(`${platform.data}/users.json`);
    assert.ok(!users.includes("customer-9"), "an account was created");
    assert.ok((await formsOf("/operator/tenants/customer-1")) > 3);
    await page.locator("input[name=password]").fill("the-secret");
    await page.locator("form:has(input[name=password]) button").click();
    await page.getByText("Nothing was changed").waitFor();

    await page.context().clearCookies();
    await signIn(page, url, "customer-1", "password-1");
    for (const path of ["/", "/module", `/files/${id}`, `/module/${version}`]) await formsOf(path);
    assert.deepEqual(urls.filter((text) => text.includes("secret")), []);
  },
);
