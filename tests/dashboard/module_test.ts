import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { keepAll, writeModule } from "../harness/modules.ts";
import { browserTest, openBrowser, signIn } from "./browser.ts";
import { openStage } from "./stage.ts";

browserTest(
  "a customer submits a module and does a test run; an operator reviews the diff and approves",
  async () => {
    await using stage = await openStage();
    const { platform, server: { url }, password } = stage;
    await using browser = await openBrowser();
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    const faults: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await signIn(page, url, "customer-1", "password-1");
    await page.getByRole("link", { name: "Module" }).click();
    const folder = await writeModule(await platform.scratch(), keepAll({ files: "*.csv" }));
    await page.getByLabel("Module folder").setInputFiles(folder);
    await page.getByRole("button", { name: "Submit" }).click();
    await page.getByRole("row", { name: /^v2-.*pending/ }).waitFor();

    await page.getByRole("link", { name: /^v2-/ }).click();
    const sample = join(ROOT, "tenants/template/samples/readings.csv");
    await page.getByLabel("Sample file").setInputFiles(sample);
    await page.getByRole("button", { name: "Start test run" }).click();
    await page.getByText("This file would be loaded.").waitFor();
    await page.getByRole("region", { name: "Rows of items" }).getByText("readings.csv").first()
      .waitFor();
    assert.equal((await platform.files()).length, 0);

    const operator = await browser.newPage();
    operator.setDefaultTimeout(30_000);
    await signIn(operator, url, "admin", password, "Operator");
    await operator.getByRole("link", { name: /^customer-1: v2-/ }).click();
    await operator.getByRole("region", { name: "Differences" }).getByText(/^\+.*items/).first()
      .waitFor();
    await operator.getByLabel("Note to the author").fill("thank you");
    await operator.getByRole("button", { name: "Approve" }).click();
    await operator.getByText("This is the current version.").waitFor();

    await page.goto(`${url}/module`);
    await page.getByRole("row", { name: /^v2-.*current version.*approved.*admin.*thank you/ })
      .waitFor();
    assert.deepEqual(faults, []);
  },
);
