// Shows times in the reader's time zone, and refreshes the page's live parts after each event.

import { at } from "./site.js";

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const FOCUSABLE = "a, button, input";
// Tables show minutes, not seconds.
const BRIEF = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});

/** Shows every `<time>` in the reader's time zone and language. */
function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = MOMENT.format(at);
    time.textContent = (time.closest("td") ? BRIEF : MOMENT).format(at);
  }
}

/** Requests the page again and replaces the live parts that have changed. */
export async function renew() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  // The session has ended, so the sign-in page was returned.
  if (response.redirected) return location.assign(response.url);
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  showTimes(page);
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = page.getElementById(part.id);
    if (!next || next.outerHTML === part.outerHTML) continue;
    // A form about what the page shows must not be about something else without a word.
    const [seen, now] = [part.dataset.seen, next.dataset.seen];
    if (seen !== undefined && now !== undefined && seen !== now) continue;
    // The reader is typing in this part, or waits for a response.
    if (part.querySelector("[data-busy], input:focus, textarea:focus")) continue;
    const focused = part.contains(document.activeElement) ? focusIn(part) : -1;
    part.replaceWith(next);
    next.querySelectorAll(FOCUSABLE)[focused]?.focus();
  }
  document.dispatchEvent(new Event("renewed"));
}

/** Returns which of the focusable elements in a part has the focus. */
function focusIn(part) {
  return [...part.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
}

showTimes(document);
const { events } = document.body.dataset;
if (events) {
  const source = new EventSource(at(events));
  source.addEventListener("changed", () => renew());
  // Changes between loading the page and opening the stream cause no event.
  source.addEventListener("open", () => renew());
  addEventListener("pagehide", () => source.close());
}
