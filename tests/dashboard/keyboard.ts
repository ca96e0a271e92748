import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/** What has the focus: what it is called, and whether its outline shows. */
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

/** What is global in a page, and not in this program. */
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

/** More than there are on any page: who is not there by then is not reached by the keyboard. */
const MOST_STOPS = 80;

/** Goes on by Tab until what is named has the focus; at every stop it must be seen where that is. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    assert.ok(at.visible, `the focus on "${at.name}" is not visible`);
    if (name.test(at.name)) return;
    passed.push(at.name);
  }
  assert.fail(`Tab never comes to ${name}, only to ${passed.join(", ")}`);
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
  // The name has the focus from the start; the choice before it is made with the arrows.
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
