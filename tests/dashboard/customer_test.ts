import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { sample } from "../harness/binary.ts";
import { until } from "../harness/until.ts";
import { browserTest, dropFile, openBrowser, signIn } from "./browser.ts";
import { openStage } from "./stage.ts";

const SECONDS = 30_000;

browserTest(
  "a customer drops a file, sees it loaded, corrects its rejects and sends them again",
  async () => {
    await using stage = await openStage();
    const { platform, server: { url } } = stage;
    await using browser = await openBrowser();
    const page = await browser.newPage();
    page.setDefaultTimeout(SECONDS);
    const faults: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(error.message));

    const [header, ...lines] = readFileSync(sample("birdstrikes.csv"), "utf8").split("\n");
    const text = [header, ...lines.slice(0, 500)].join("\n");
    const kb = Math.ceil(new TextEncoder().encode(text).length / 1024);
    await platform.constrain("customer-1", { formats: [".csv"], data_sizes: kb });

    await signIn(page, url, "customer-1", "password-1");
    // Refused by the page, before the upload starts.
    await dropFile(page, "notes.txt", "hello");
    await page.getByText("Allowed: .csv.").waitFor();

    await dropFile(page, "birdstrikes.csv", text);
    const sent = page.getByRole("listitem").filter({ hasText: "birdstrikes.csv" });
    await sent.getByRole("link", { name: "birdstrikes.csv" }).waitFor();
    // Accepted, with a warning that the size is close to the limit.
    await sent.getByText(/% of the maximum file size/).waitFor();
    // Without a reload: the stream of events reports the change.
    const row = page.getByRole("row", { name: /birdstrikes\.csv/ });
    await row.getByText("loaded with rejects").waitFor();
    const first = await platform.settled("customer-1", "birdstrikes.csv");
    assert.equal(first.state, "ingested");
    assert.ok(first.rows.rejected > 0);

    await row.getByRole("link").click();
    await page.getByText(`${first.rows.stored} rows stored`).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download as CSV" }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^birdstrikes\.csv\.rejects\.csv$/);
    const csv = readFileSync(await download.path(), "utf8").trim().split("\r\n");
    assert.equal(csv.length, first.rows.rejected + 1);

    for (const record of await page.getByLabel(/^Record on line/).all()) {
      await record.fill((await record.inputValue()).replace(/,[BC],/, ",Minor,"));
    }
    await until(
      "the header of the file is filled in",
      async () => await page.getByLabel("Header").inputValue() === header?.trim(),
    ).catch((error: Error) => {
      throw new Error(`${error.message}: ${faults.join("; ")}`);
    });
    await page.getByRole("button", { name: "Send corrected records" }).click();
    await page.getByRole("link", { name: "View file" }).click();
    await page.getByRole("heading", { name: "birdstrikes-fixed.csv" }).waitFor();
    const fixed = await platform.settled("customer-1", "birdstrikes-fixed.csv");
    assert.deepEqual([fixed.state, fixed.rows.rejected], ["ingested", 0]);
    assert.equal(fixed.rows.stored, first.rows.rejected);
    await page.getByText(`${fixed.rows.stored} rows stored`).waitFor();

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("User name").waitFor();
    await page.goto(`${url}/files/${first.id}`);
    assert.match(page.url(), /\/sign-in$/);
    assert.deepEqual(faults, []);
  },
);

browserTest(
  "a new version of a file says whose rows stay, to the customer and the operator",
  async () => {
    await using stage = await openStage();
    const { platform, server: { url }, password } = stage;
    await using browser = await openBrowser();
    const page = await browser.newPage();
    page.setDefaultTimeout(SECONDS);
    const lines = readFileSync(sample("birdstrikes.csv"), "utf8").split("\n");
    await signIn(page, url, "customer-1", "password-1");
    await dropFile(page, "birdstrikes.csv", lines.slice(0, 501).join("\n"));
    const { rows } = await platform.settled("customer-1", "birdstrikes.csv");
    await dropFile(page, "birdstrikes.csv", lines.slice(0, 521).join("\n"));
    const text = `version 2 of birdstrikes.csv; the ${rows.stored} rows of version 1 stay`;
    const row = page.getByRole("row", { name: new RegExp(text) });
    await row.getByText(/^loaded/).waitFor();
    await row.getByRole("link").click();
    await page.getByText(text.replace("version", "Version")).waitFor();
    await page.getByText("unless a row of this version has the same key").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();

    await signIn(page, url, "admin", password, "Operator");
    await page.goto(`${url}/operator/files`);
    await page.getByRole("row", { name: new RegExp(text) }).getByRole("link").first().click();
    await page.getByText(text.replace("version", "Version")).waitFor();
  },
);

browserTest("an interrupted upload resumes after a reload", async () => {
  await using stage = await openStage();
  const { platform, server: { url } } = stage;
  await using browser = await openBrowser();
  const page = await browser.newPage();
  page.setDefaultTimeout(SECONDS);
  let begun = 0;
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/v1/uploads")) begun++;
  });
  await signIn(page, url, "customer-1", "password-1");
  const text = readFileSync(sample("birdstrikes.csv"), "utf8").split("\n").slice(0, 500).join(
    "\n",
  );
  const one = "**/v1/uploads/*";
  const cut = Promise.withResolvers<void>();
  await page.route(one, (route) => {
    cut.resolve();
    return route.abort("connectionreset");
  });
  await dropFile(page, "birdstrikes.csv", text);
  await cut.promise;
  await page.reload();
  await page.unroute(one);
  await dropFile(page, "birdstrikes.csv", text);
  await page.getByRole("listitem").getByRole("link", { name: "birdstrikes.csv" }).waitFor();
  assert.equal((await platform.settled("customer-1", "birdstrikes.csv")).state, "ingested");
  assert.equal(begun, 1);
});

browserTest("signing in: cookies, wrong passwords, too many of them", async () => {
  await using stage = await openStage();
  const { server: { url }, password } = stage;
  await using browser = await openBrowser();
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(SECONDS);

  // By keyboard alone.
  await page.goto(url);
  assert.match(page.url(), /\/sign-in$/);
  await page.getByLabel("User name").focus();
  await page.keyboard.type("customer-1");
  await page.keyboard.press("Tab");
  await page.keyboard.type("password-1");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Files", exact: true }).waitFor();
  const [cookie] = await context.cookies();
  assert.deepEqual(
    [cookie?.httpOnly, cookie?.sameSite, cookie?.path],
    [true, "Strict", "/"],
  );
  // A customer's session opens no page of the operators.
  await page.goto(`${url}/operator`);
  assert.equal(new URL(page.url()).pathname, "/");

  const other = await browser.newPage();
  other.setDefaultTimeout(SECONDS);
  await other.goto(`${url}/sign-in`);
  const attempt = async () => {
    await other.getByLabel("Operator").check();
    await other.getByLabel("User name").fill("admin");
    await other.getByLabel("Password").fill("guess");
    await other.getByRole("button", { name: "Sign in" }).click();
  };
  for (let n = 0; n < 5; n++) {
    await attempt();
    await other.getByText("The user name or the password is wrong.").waitFor();
  }
  await attempt();
  await other.getByText(/Too many failed attempts\. Try again in \d+ seconds\./).waitFor();
  // The right password is refused, too.
  await other.getByLabel("Password").fill(password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByText("Too many failed attempts.").waitFor();
});
