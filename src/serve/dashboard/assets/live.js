// Shows moments in the reader's own time, and renews what changed when the server says so.

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
// In a table the minute will do.
const BRIEF = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});

/** Every `<time>` in the reader's time and language. */
function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = MOMENT.format(at);
    time.textContent = (time.closest("td") ? BRIEF : MOMENT).format(at);
  }
}

/** Asks for the page again and puts its live parts in the place of those that are other now. */
export async function renew() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  // The session is over: the page would show what is no longer anybody's.
  if (response.redirected) return location.assign(response.url);
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  showTimes(page);
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = page.getElementById(part.id);
    if (!next || next.outerHTML === part.outerHTML) continue;
    // Somebody is typing or waiting for an answer in it.
    if (part.querySelector("[data-busy], input:focus, textarea:focus")) continue;
    const focused = part.contains(document.activeElement) ? pathOf(part) : null;
    part.replaceWith(next);
    if (focused) next.querySelectorAll("a, button, input")[focused.at]?.focus();
  }
  document.dispatchEvent(new Event("renewed"));
}

function pathOf(part) {
  const places = [...part.querySelectorAll("a, button, input")];
  return { at: places.indexOf(document.activeElement) };
}

showTimes(document);
const { events } = document.body.dataset;
if (events) {
  const source = new EventSource(events);
  source.addEventListener("changed", () => renew());
  // A change between the page and its stream is not told.
  source.addEventListener("open", () => renew());
  addEventListener("pagehide", () => source.close());
}
