// A sample through a version of the module; what came of it appears in the page.

import { renew } from "./live.js";

const form = document.getElementById("try");
const LOOK_MS = 700;

function tell(text, tone) {
  const output = form.querySelector("output");
  output.className = text === "" ? "" : `notice ${tone}`;
  output.textContent = text;
}

/** Waits until the run is done: the page is renewed then. */
async function follow(path) {
  for (;;) {
    const response = await fetch(path);
    if (!response.ok) return;
    if ((await response.json()).state === "done") return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
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
    return tell(`${detail}. ${hint ?? ""}`, "bad");
  }
  tell("It runs …", "");
  await follow(path);
  tell("", "");
  await renew();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  run()
    .catch(() => tell("The server does not answer.", "bad"))
    .finally(() => button.disabled = false);
});
