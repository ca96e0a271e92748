// Starts a test run of the version on a sample; the page then shows the result.

import { renew } from "./live.js";
import { onSubmit, problemText, report } from "./report.js";
import { at } from "./site.js";

const form = document.getElementById("try");
const POLL_MS = 700;

/** Waits until the test run is done. */
async function follow(path) {
  for (;;) {
    const response = await fetch(path);
    if (!response.ok) return;
    if ((await response.json()).state === "done") return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function run() {
  const [sample] = form.elements.namedItem("sample").files;
  const path = at(`/v1/module/${form.dataset.version}/test-run`);
  const response = await fetch(`${path}?name=${encodeURIComponent(sample.name)}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: sample,
  });
  if (response.status === 401) return location.assign(at("/sign-in"));
  if (!response.ok) return report(form, problemText(await response.json()), "bad");
  report(form, "Running …");
  await follow(path);
  report(form, "");
  await renew();
}

onSubmit(form, run);
