// Starts a test run of the version on a sample; the page then shows the result.

import { renew } from "./live.js";

const form = document.getElementById("try");
const POLL_MS = 700;

function show(text, tone) {
  const output = form.querySelector("output");
  output.className = text === "" ? "" : `notice ${tone}`;
  output.textContent = text;
}

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
  const path = `/v1/module/${form.dataset.version}/test-run`;
  const response = await fetch(`${path}?name=${encodeURIComponent(sample.name)}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: sample,
  });
  if (response.status === 401) return location.assign("/sign-in");
  if (!response.ok) {
    const { detail, hint } = await response.json();
    return show([detail, hint].filter(Boolean).join(". "), "bad");
  }
  show("Running …", "");
  await follow(path);
  show("", "");
  await renew();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  run()
    .catch(() => show("The server does not respond.", "bad"))
    .finally(() => button.disabled = false);
});
