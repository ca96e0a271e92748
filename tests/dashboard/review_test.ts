import assert from "node:assert/strict";
import { keepAll, writeModule } from "../harness/modules.ts";
import { run } from "../harness/process.ts";
import { until } from "../harness/until.ts";
import { browserTest, openBrowser, signIn } from "./browser.ts";
import { tabTo } from "./keyboard.ts";
import { openStage } from "./stage.ts";

/** The lines of a diff that a page shows. */
const DIFF = "Differences";

browserTest(
  "a diff of 10,000 lines is read page by page, by keyboard, and approved on its last page as it was seen",
  async () => {
    await using stage = await openStage();
    const { platform, server: { url }, password } = stage;
    const lines = Array.from({ length: 10_000 }, (_, n) => `// line ${n}`).join("\n");
    const long = `/*${" ".repeat(50_000)}*/ void "at the end of a long line";`;
    const push = async (text: string) => {
      const files = keepAll({ files: "*.csv" });
      const ingest = `${text}\n${files["ingest.ts"]}`;
      const folder = await writeModule(await platform.scratch(), { ...files, "ingest.ts": ingest });
      const args = ["fetch", "module", "push", folder, "-u", "customer-1", "-p", "password-1"];
      const pushed = await run([...args, "--server", url, "--json"]);
      return JSON.parse(pushed.stdout.trim().split("\n").at(-1) ?? "").version as string;
    };
    const version = await push(`${lines}\n${long}`);
    await using browser = await openBrowser();
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    await signIn(page, url, "admin", password, "Operator");
    const path = `${url}/operator/tenants/customer-1/module/${version}`;
    await page.goto(path);
    const shown: string[] = [];
    for (let at = 1;; at++) {
      const text = await page.getByRole("region", { name: DIFF }).locator("span").allTextContents();
      shown.push(...text);
      const of = await page.getByText(/^page \d+ of \d+$/).textContent();
      assert.equal(of, `page ${at} of 11`);
      const approve = page.getByRole("button", { name: "Approve" });
      assert.equal(await approve.count(), at === 11 ? 1 : 0);
      if (at === 11) break;
      await page.getByText("You can approve them on the last one.").waitFor();
      await tabTo(page, /^Next$/);
      await page.keyboard.press("Enter");
      await page.waitForURL((to) => to.searchParams.get("page") === String(at + 1));
    }
    for (const line of [...lines.split("\n"), long]) assert.ok(shown.includes(`+${line}`), line);
    const body = page.getByRole("region", { name: DIFF });
    const width = await body.evaluate((element) => {
      const { scrollWidth, clientWidth } = element as unknown as Record<string, number>;
      return scrollWidth! - clientWidth!;
    });
    assert.equal(width, 0, "no line reaches beyond the edge");

    // Another version becomes current while the last page is open.
    const other = await push("// other");
    const seen = async (version: string) => {
      const args = ["manage", "tenant", "diff", "customer-1", version, "--json"];
      return JSON.parse(await platform.must(...args)).seen as string;
    };
    const approve = ["manage", "tenant", "approve", "customer-1", other, "--seen"];
    await platform.must(...approve, await seen(other));
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText(/what you saw is no longer what would be approved/).waitFor();
    await page.reload();
    await page.getByText(/These are not the changes of the pages before/).waitFor();
    assert.equal(await page.getByRole("button", { name: /Approve|Go back/ }).count(), 0);
    await page.getByRole("link", { name: "Start again on page 1" }).click();
    await page.waitForURL(path);
    while (await page.getByRole("link", { name: "Next" }).count() > 0) {
      const before = page.url();
      await page.getByRole("link", { name: "Next" }).click();
      await page.waitForURL((to) => to.href !== before);
    }
    await page.getByText(/This version is older than the current version/).waitFor();
    await page.getByRole("button", { name: "Go back to this version" }).click();
    await page.getByText("This is the current version.").waitFor();
    const link = `${platform.data}/tenants/customer-1/current`;
    await until("it is current", async () => await Deno.readLink(link) === version);
  },
);
