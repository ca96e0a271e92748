import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { sample } from "../harness/binary.ts";
import { browserTest, openBrowser, signIn } from "./browser.ts";
import { openStage } from "./stage.ts";

browserTest(
  "an operator sees the tenants, edits constraints and loads a file again; the audit log has it all",
  async () => {
    await using stage = await openStage(["customer-1", "customer-2"]);
    const { platform, server: { url }, password } = stage;
    const lines = readFileSync(sample("birdstrikes.csv"), "utf8").split("\n").slice(0, 50);
    await platform.stage("customer-1", "birdstrikes.csv", `${lines.join("\n")}\n"never closed`);
    const broken = await platform.settled("customer-1", "birdstrikes.csv");
    assert.equal(broken.state, "quarantined");

    await using browser = await openBrowser();
    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    const faults: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await signIn(page, url, "admin", password, "Operator");
    const tenants = page.getByRole("region", { name: "Tenants" });
    await tenants.getByRole("row", { name: /customer-1.*Failing: birdstrikes\.csv/ }).waitFor();
    assert.equal(await tenants.getByRole("row").count(), 3);
    // A chart, and a sentence that is updated without a reload.
    await page.getByRole("img", { name: /Rows over time 0 rows stored/ }).locator("canvas")
      .waitFor();
    await platform.stage(
      "customer-1",
      "birdstrikes-good.csv",
      readFileSync(sample("birdstrikes.csv"), "utf8"),
    );
    const good = await platform.settled("customer-1", "birdstrikes-good.csv");
    const stored = good.rows.stored.toLocaleString("en");
    await page.getByText(`${stored} rows stored and`).waitFor();
    await page.getByText("Show as a table").click();
    await page.getByRole("region", { name: "Rows over time" })
      .getByRole("cell", { name: stored, exact: true }).waitFor();

    // It fails again, but a new completion time shows that it was loaded again.
    await page.getByRole("button", { name: "Load again birdstrikes.csv" }).click();
    for (let again = broken; again.finishedAt === broken.finishedAt;) {
      again = await platform.settled("customer-1", "birdstrikes.csv");
    }

    await page.goto(`${url}/operator/tenants/customer-1`);
    await page.getByLabel("Files at a time").fill("3");
    await page.getByLabel("Formats").fill(".csv, .gz");
    await page.getByRole("button", { name: "Save limits" }).click();
    await page.getByText("Saved, applies to new uploads.").waitFor();
    const shown = await platform.must("manage", "tenant", "show", "customer-1", "--json");
    const { constraints } = JSON.parse(shown);
    assert.deepEqual([constraints.formats, constraints.number_files], [[".csv", ".gz"], 3]);

    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByRole("button", { name: "Enable" }).waitFor();
    await page.getByRole("button", { name: "Set password" }).click();
    const told = await page.getByText("Password (shown only once):").textContent();
    assert.match(told ?? "", /once\): [a-z2-9]{26}$/);

    await page.goto(`${url}/operator/tenants`);
    await page.getByLabel("Name").fill("customer-9");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("link", { name: "customer-9" }).waitFor();

    const audit = (await platform.must("manage", "audit", "--json")).trim().split("\n")
      .map((line) => JSON.parse(line));
    const byAdmin = audit.filter(({ operator }) => operator === "admin");
    assert.deepEqual(byAdmin.map(({ action }) => action), [
      "tenant.add",
      "tenant.password",
      "tenant.disable",
      "constraints.set",
      "file.replay",
      "sign-in",
    ]);
    const checked = await platform.must("manage", "audit", "--verify", "--json");
    assert.deepEqual(JSON.parse(checked).faults, []);
    await page.goto(`${url}/operator/audit`);
    await page.getByRole("row", { name: /admin.*tenant\.add.*customer-9.*done/ }).waitFor();
    assert.deepEqual(faults, []);
  },
);
