import assert from "node:assert/strict";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { sample } from "../harness/binary.ts";
import { keepAll, writeModule } from "../harness/modules.ts";
import { run } from "../harness/process.ts";
import { until } from "../harness/until.ts";
import { browserTest, openBrowser } from "./browser.ts";
import { signInByKeyboard, tabTo } from "./keyboard.ts";
import { openStage } from "./stage.ts";

browserTest(
  "by keyboard alone: send, correct rejects and send them; approve, set limits, load again",
  async () => {
    await using stage = await openStage();
    const { platform, server: { url }, password } = stage;
    const folder = await platform.scratch();
    const file = join(folder, "birdstrikes.csv");
    const lines = readFileSync(sample("birdstrikes.csv"), "utf8").split("\n").slice(0, 500);
    await Deno.writeTextFile(file, lines.join("\n"));
    await using browser = await openBrowser();

    const page = await browser.newPage();
    page.setDefaultTimeout(30_000);
    await signInByKeyboard(page, url, "customer-1", "password-1", "Customer");
    // The button opens the browser's file dialog.
    const choosing = page.waitForEvent("filechooser");
    await tabTo(page, /^Choose files$/);
    await page.keyboard.press("Enter");
    const chooser = await choosing;
    // A slow connection, so that the progress can be observed.
    const line = await page.context().newCDPSession(page);
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 40_000 };
    await line.send("Network.emulateNetworkConditions", slow);
    await chooser.setFiles(file);
    const bar = page.getByRole("progressbar", { name: "Progress of birdstrikes.csv" });
    const share = async () => Number(await bar.getAttribute("value"));
    await until("part of the file is shown as sent", async () => {
      const value = await share();
      return value > 0 && value < 1;
    });
    await page.getByRole("listitem").getByText(/^[1-9]\d? %$/).waitFor();
    await line.send("Network.emulateNetworkConditions", { ...slow, uploadThroughput: -1 });
    const row = page.getByRole("row", { name: /birdstrikes\.csv/ });
    await row.getByText("loaded with rejects").waitFor();
    const first = await platform.settled("customer-1", "birdstrikes.csv");

    await page.reload();
    await tabTo(page, /^birdstrikes\.csv$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Rejected records" }).waitFor();
    await until(
      "the header of the file is filled in",
      async () => await page.getByLabel("Header").inputValue() !== "",
    );
    await tabTo(page, /^Record on line/);
    const record = page.getByLabel(/^Record on line/).first();
    const corrected = (await record.inputValue()).replace(/,[BC],/, ",Minor,");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(corrected);
    await tabTo(page, /^Send corrected records$/);
    await page.keyboard.press("Enter");
    await tabTo(page, /^View file$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "birdstrikes-fixed.csv" }).waitFor();
    const fixed = await platform.settled("customer-1", "birdstrikes-fixed.csv");
    // Only the changed record was selected.
    assert.deepEqual([fixed.rows.stored, fixed.rows.rejected], [1, 0]);

    const changed = await writeModule(await platform.scratch(), keepAll({ files: "*.csv" }));
    const login = ["-u", "customer-1", "-p", "password-1", "--server", url];
    const pushed = await run(["fetch", "module", "push", changed, ...login]);
    assert.equal(pushed.code, 0, pushed.stderr);
    const operator = await browser.newPage();
    operator.setDefaultTimeout(30_000);
    await signInByKeyboard(operator, url, "admin", password, "Operator");
    await operator.getByRole("link", { name: /^customer-1: v2-/ }).waitFor();
    await tabTo(operator, /^customer-1: v2-/);
    await operator.keyboard.press("Enter");
    await operator.getByRole("heading", { name: "Decision" }).waitFor();
    await tabTo(operator, /^Note to the author/);
    await operator.keyboard.type("reviewed");
    await tabTo(operator, /^Approve$/);
    await operator.keyboard.press("Enter");
    await operator.getByText("This is the current version.").waitFor();

    await tabTo(operator, /^Tenants$/);
    await operator.keyboard.press("Enter");
    await operator.getByRole("heading", { name: "Tenants", exact: true }).waitFor();
    await tabTo(operator, /^customer-1$/);
    await operator.keyboard.press("Enter");
    await operator.getByRole("heading", { name: "Upload limits" }).waitFor();
    await tabTo(operator, /^Files at a time/);
    await operator.keyboard.press("Control+A");
    await operator.keyboard.type("3");
    await operator.keyboard.press("Enter");
    await operator.getByText("Saved, applies to new uploads.").waitFor();

    await tabTo(operator, /^Files$/);
    await operator.keyboard.press("Enter");
    await operator.getByRole("heading", { name: "Files", exact: true }).waitFor();
    await tabTo(operator, /^Load again ?birdstrikes\.csv$/);
    await operator.keyboard.press("Enter");
    for (let again = first; again.finishedAt === first.finishedAt;) {
      again = await platform.settled("customer-1", "birdstrikes.csv");
    }
  },
);
