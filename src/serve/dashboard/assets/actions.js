// Sends forms to the API: data-api="PUT /v1/…" is the route, data-type the type of each field.

import { renew } from "./live.js";
import { NO_RESPONSE, problemText, report } from "./report.js";
import { at } from "./site.js";

const READ = {
  boolean: (text) => text === "true",
  number: (text) => Number(text),
  list: (text) => text.split(",").map((part) => part.trim()).filter((part) => part !== ""),
};

/** Returns the fields of a form as the body of a request. */
function bodyOf(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.value === "" && "optional" in field.dataset) continue;
    const read = READ[field.dataset.type] ?? ((text) => text);
    body[field.name] = read(field.value);
  }
  return body;
}

/** Shows the result of a form; a generated password is shown only once. */
async function showAnswer(response, form) {
  const type = response.headers.get("Content-Type") ?? "";
  const body = type.includes("json") ? await response.json() : {};
  if (!response.ok) return report(form, problemText(body) || response.statusText, "bad");
  report(form, form.dataset.done, "ok");
  if (typeof body.password !== "string") return;
  const code = document.createElement("code");
  code.textContent = body.password;
  form.querySelector("output").append(" Password (shown only once): ", code);
}

async function send(form) {
  const [method, path] = form.dataset.api.split(" ");
  const button = form.querySelector("button");
  form.dataset.busy = "";
  button.disabled = true;
  try {
    const body = bodyOf(form);
    const hasBody = Object.keys(body).length > 0 || /password$/.test(path);
    const response = await fetch(at(path), {
      method,
      ...(hasBody && {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    if (response.status === 401) return location.assign(at("/sign-in"));
    await showAnswer(response, form);
    if (response.ok && "reload" in form.dataset) return location.reload();
  } catch {
    report(form, NO_RESPONSE, "bad");
  } finally {
    button.disabled = false;
    delete form.dataset.busy;
  }
  await renew();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.api) return;
  event.preventDefault();
  void send(form);
});
