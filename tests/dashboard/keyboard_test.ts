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
  "by keyboard alone: send, mend and send again; approve, set limits, load again",
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
    // In the place of dropping: the button opens the browser's own dialog.
    const choosing = page.waitForEvent("filechooser");
    await tabTo(page, /^Choose files$/);
    await page.keyboard.press("Enter");
    const chooser = await choosing;
    // A slow line, so that it is seen how far a file is.
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
    await row.getByText("ingested").waitFor();
    const first = await platform.settled("customer-1", "birdstrikes.csv");

    await page.reload();
    await tabTo(page, /^birdstrikes\.csv$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Rejected records" }).waitFor();
    await until(
      "the first line of the file is there",
      async () => await page.getByLabel("First line").inputValue() !== "",
    );
    await tabTo(page, /^Record of line/);
    const record = page.getByLabel(/^Record of line/).first();
    const mended = (await record.inputValue()).replace(/,[BC],/, ",Minor,");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(mended);
    await tabTo(page, /^Send mended records$/);
    await page.keyboard.press("Enter");
    await tabTo(page, /^See what becomes of it\.$/);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "birdstrikes-fixed.csv" }).waitFor();
    const fixed = await platform.settled("customer-1", "birdstrikes-fixed.csv");
    // The others were not touched, so they were not sent.
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
    await tabTo(operator, /^Note to its author/);
    await operator.keyboard.type("read and found good");
    await tabTo(operator, /^Approve$/);
    await operator.keyboard.press("Enter");
    await operator.getByText("It runs now.").waitFor();

    await tabTo(operator, /^Tenants$/);
    await operator.keyboard.press("Enter");
    await operator.getByRole("link", { name: "customer-1" }).waitFor();
    await tabTo(operator, /^customer-1$/);
    await operator.keyboard.press("Enter");
    await operator.getByRole("heading", { name: "What it may send" }).waitFor();
    await tabTo(operator, /^Files at a time/);
    await operator.keyboard.press("Control+A");
    await operator.keyboard.type("3");
    await operator.keyboard.press("Enter");
    await operator.getByText("They hold from now on.").waitFor();

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
