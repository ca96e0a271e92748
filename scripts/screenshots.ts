/**
 * `deno run -A --node-modules-dir=auto scripts/screenshots.ts`: runs the binary with real files and
 * takes the screenshots in `docs/screenshots/`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { openBrowser, signIn } from "../tests/dashboard/browser.ts";
import { openStage } from "../tests/dashboard/stage.ts";
import { ROOT, sample } from "../tests/harness/binary.ts";
import type { Platform } from "../tests/harness/platform.ts";

const FOLDER = join(ROOT, "docs/screenshots");
const MAX_BYTES = 200_000;

/** Stages files like those of customers: good ones, one with rejects, a broken one. */
async function fill(platform: Platform): Promise<void> {
  const strikes = await Deno.readTextFile(sample("birdstrikes.csv"));
  const [header = "", ...lines] = strikes.split("\n");
  const part = (from: number, to: number) => [header, ...lines.slice(from, to)].join("\n");
  await platform.stage("customer-1", "birdstrikes.csv", strikes);
  await platform.stage("customer-1", "birdstrikes-march.csv", part(0, 2500));
  await platform.stage("customer-1", "birdstrikes-april.csv", part(2500, 4000));
  await platform.stage("customer-1", "birdstrikes-may.csv", `${part(0, 40)}\n"never closed`);
  await platform.stage(
    "customer-2",
    "seattle-weather.csv",
    await Deno.readTextFile(sample("seattle-weather.csv")),
  );
  await platform.allSettled(5);
}

/** Submits a changed module and runs it on a sample. */
async function submitModule(page: Page, url: string, platform: Platform): Promise<void> {
  const folder = await platform.scratch();
  const text = await Deno.readTextFile(join(ROOT, "tenants/customer-1/ingest.ts"));
  const changed = text.replace('"Substantial"]', '"Substantial", "B", "C"]');
  await Deno.writeTextFile(join(folder, "ingest.ts"), changed);
  await page.goto(`${url}/module`);
  await page.getByLabel("Module folder").setInputFiles(folder);
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("row", { name: /^v2-.*pending/ }).getByRole("link").click();
  const strikes = await Deno.readTextFile(sample("birdstrikes.csv"));
  await page.getByLabel("Sample file").setInputFiles({
    name: "birdstrikes-sample.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(strikes.split("\n").slice(0, 400).join("\n")),
  });
  await page.getByRole("button", { name: "Start test run" }).click();
  await page.getByText("This file would be loaded.").waitFor();
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(400);
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path });
  const { size } = await Deno.stat(path);
  console.log(`${path}: ${Math.round(size / 1024)} KB`);
  if (size > MAX_BYTES) throw new Error(`"${path}" is larger than ${MAX_BYTES} bytes`);
}

async function session(
  browser: Browser,
  scheme: "light" | "dark",
  size = { width: 1280, height: 860 },
): Promise<Page> {
  const context = await browser.newContext({ viewport: size, colorScheme: scheme });
  return await context.newPage();
}

await Deno.mkdir(FOLDER, { recursive: true });
await using stage = await openStage(["customer-1", "customer-2"]);
const { platform, server: { url }, password } = stage;
await fill(platform);
const browser = await openBrowser();
const [strikes] = await platform.files({ name: "birdstrikes.csv" });

const customer = await session(browser, "light");
await customer.goto(`${url}/sign-in`);
await shoot(customer, "sign-in");
await signIn(customer, url, "customer-1", "password-1");
await shoot(customer, "customer-files");
await customer.goto(`${url}/files/${strikes?.id}`);
await shoot(customer, "customer-file");
await customer.keyboard.press("End");
await shoot(customer, "customer-rejects");

await submitModule(customer, url, platform);
await shoot(customer, "customer-module");

const phone = await session(browser, "dark", { width: 375, height: 812 });
await signIn(phone, url, "customer-1", "password-1");
await shoot(phone, "customer-phone-dark");

const operator = await session(browser, "dark");
await signIn(operator, url, "admin", password, "Operator");
await operator.goto(`${url}/operator?hours=1`);
await shoot(operator, "operator-dark");
const light = await session(browser, "light");
await signIn(light, url, "admin", password, "Operator");
await light.goto(`${url}/operator?hours=1`);
await shoot(light, "operator");
await light.goto(`${url}/operator/tenants/customer-1`);
await shoot(light, "operator-tenant");
await light.goto(`${url}/operator`);
await light.getByRole("link", { name: /^customer-1: v2-/ }).click();
await light.getByRole("heading", { name: "Decision" }).waitFor();
await shoot(light, "operator-module");
await light.goto(`${url}/operator/audit`);
await shoot(light, "operator-audit");
await light.goto(`${url}/docs`);
await shoot(light, "api");
await browser.close();
