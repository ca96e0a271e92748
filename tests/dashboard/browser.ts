import { existsSync } from "node:fs";
import { isMissing } from "../harness/tools.ts";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Why no browser is available; null when one is. */
export const NO_BROWSER = existsSync(CHROMIUM) ? null : `${CHROMIUM} is not installed`;

/** A test that needs the browser, and other tools; its name says why it is skipped where there is none. */
export function browserTest(name: string, fn: () => Promise<void>, tools: string[] = []): void {
  const why = NO_BROWSER === null ? "" : ` (skipped: ${NO_BROWSER})`;
  Deno.test({ name: name + why, ignore: NO_BROWSER !== null || isMissing(...tools), fn });
}

/** Starts Chromium with an empty profile; it contacts only the server under test. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Signs in to the dashboard. */
export async function signIn(
  page: Page,
  url: string,
  user: string,
  password: string,
  role: "Customer" | "Operator" = "Customer",
): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel(role, { exact: true }).check();
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((at) => !at.pathname.endsWith("/sign-in"));
}

/** Globals of the page that this program does not have. */
interface BrowserGlobals {
  DataTransfer: new () => { items: { add(file: File): void } };
}

/** Drops a file onto the page, like from the desktop. */
export async function dropFile(page: Page, name: string, content: string): Promise<void> {
  const transfer = await page.evaluateHandle(({ name, content }) => {
    const { DataTransfer } = globalThis as unknown as BrowserGlobals;
    const data = new DataTransfer();
    // The same modification time each time, like a file on disk.
    data.items.add(
      new File([content], name, { type: "text/csv", lastModified: 1_700_000_000_000 }),
    );
    return data;
  }, { name, content });
  await page.dispatchEvent("#drop", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
}
