import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { ROOT, sample } from "../harness/binary.ts";
import { browserTest, openBrowser, signIn } from "./browser.ts";
import { openStage } from "./stage.ts";

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}
interface PageGlobals {
  axe: { run(): Promise<{ violations: Finding[] }> };
  document: { documentElement: { scrollWidth: number } };
}

const AXE = join(ROOT, "node_modules/axe-core/axe.min.js");

/** Returns the serious and critical violations that axe-core finds on a page. */
async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(async () =>
    await (globalThis as unknown as PageGlobals).axe.run()
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html + node.failureSummary)}`);
}

async function width(page: Page): Promise<number> {
  return await page.evaluate(() =>
    (globalThis as unknown as PageGlobals).document.documentElement.scrollWidth
  );
}

async function checkPages(
  browser: Browser,
  url: string,
  who: [user: string, password: string, role: "Customer" | "Operator"],
  paths: string[],
): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await browser.newContext({ colorScheme });
    // Injected by the debugger, because the pages' Content-Security-Policy would block it.
    await context.addInitScript({ path: AXE });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(`${url}/sign-in`);
    assert.deepEqual(await seriousFindings(page), [], `/sign-in ${colorScheme}`);
    await signIn(page, url, ...who);
    for (const path of paths) {
      await page.setViewportSize({ width: 1280, height: 900 });
      const response = await page.goto(url + path);
      assert.equal(response?.status(), 200, path);
      assert.match(response?.headers()["content-security-policy"] ?? "", /^default-src 'none'/);
      assert.deepEqual(await seriousFindings(page), [], `${path} ${colorScheme}`);
      await page.setViewportSize({ width: 375, height: 800 });
      assert.deepEqual(await seriousFindings(page), [], `${path} ${colorScheme}, narrow`);
      assert.ok(await width(page) <= 375, `${path} scrolls sideways: ${await width(page)}`);
    }
    await context.close();
  }
}

browserTest(
  "no page, light or dark, wide or narrow, has a serious violation found by axe-core",
  async () => {
    await using stage = await openStage();
    const { platform, server: { url }, password } = stage;
    const lines = readFileSync(sample("birdstrikes.csv"), "utf8").split("\n");
    await platform.stage("customer-1", "birdstrikes.csv", lines.slice(0, 500).join("\n"));
    await platform.stage("customer-1", "birdstrikes-2.csv", `${lines[0]}\n"never closed`);
    await platform.allSettled(2);
    const files = await platform.files();
    const version = files[0]?.moduleVersion;
    const [good, bad] = ["birdstrikes.csv", "birdstrikes-2.csv"].map((name) =>
      files.find((file) => file.name === name)?.id
    );
    await using browser = await openBrowser();
    await checkPages(browser, url, ["customer-1", "password-1", "Customer"], [
      "/",
      "/?state=running",
      `/files/${good}`,
      `/files/${bad}`,
      "/module",
      `/module/${version}`,
      "/docs",
    ]);
    await checkPages(browser, url, ["admin", password, "Operator"], [
      "/operator",
      "/operator/files",
      `/operator/files/${good}`,
      "/operator/tenants",
      "/operator/tenants/customer-1",
      `/operator/tenants/customer-1/module/${version}`,
      "/operator/audit",
    ]);
  },
);
