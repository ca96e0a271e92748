import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/** The focused element: its name, and whether its outline is visible. */
interface Focused {
  name: string;
  visible: boolean;
}

interface FocusedElement {
  tagName: string;
  textContent: string | null;
  getAttribute(name: string): string | null;
  matches(selector: string): boolean;
  labels?: { textContent: string | null }[] | null;
}

/** Globals of the page that this program does not have. */
interface FocusGlobals {
  document: { activeElement: FocusedElement | null };
  getComputedStyle(element: FocusedElement): { outlineStyle: string; outlineWidth: string };
}

async function focused(page: Page): Promise<Focused> {
  return await page.evaluate(() => {
    const { document, getComputedStyle } = globalThis as unknown as FocusGlobals;
    const element = document.activeElement;
    if (!element || element.tagName === "BODY") return { name: "", visible: true };
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const label = element.getAttribute("aria-label") ??
      [...element.labels ?? []].map(({ textContent }) => textContent).join(" ");
    return {
      name: (label || element.textContent || "").replace(/\s+/g, " ").trim(),
      visible: element.matches(":focus-visible") && outlineStyle !== "none" &&
        parseFloat(outlineWidth) >= 2,
    };
  });
}

/** More than any page has; an element not found by then cannot be reached by keyboard. */
const MAX_STOPS = 80;

/** Presses Tab until the named element has the focus; the focus must be visible at every stop. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  // Until its styles are there, a new page shows the focus in the browser's own way.
  await page.waitForLoadState();
  const passed: string[] = [];
  for (let stop = 0; stop < MAX_STOPS; stop++) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    assert.ok(at.visible, `the focus on "${at.name}" is not visible`);
    if (name.test(at.name)) return;
    passed.push(at.name);
  }
  assert.fail(`Tab does not reach ${name}, only ${passed.join(", ")}`);
}

/** Signs in without a mouse. */
export async function signInByKeyboard(
  page: Page,
  url: string,
  user: string,
  password: string,
  role: "Customer" | "Operator",
): Promise<void> {
  await page.goto(`${url}/sign-in`);
  // The user name has the focus at first; the role before it is chosen with the arrow keys.
  await page.locator("input[name=user]:focus").waitFor();
  if (role === "Operator") {
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("ArrowRight");
    await tabTo(page, /^User name/);
  }
  await page.keyboard.type(user);
  await tabTo(page, /^Password/);
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL((at) => !at.pathname.startsWith("/sign-in"));
}
