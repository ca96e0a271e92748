// Sends forms to the API: data-api="PUT /v1/…" is the route, data-type the type of each field.

import { renew } from "./live.js";

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

/** Returns what to show for a response; a generated password is shown only once. */
async function resultOf(response, form) {
  const type = response.headers.get("Content-Type") ?? "";
  const body = type.includes("json") ? await response.json() : null;
  if (!response.ok) {
    return { error: [body?.detail ?? response.statusText, body?.hint].filter(Boolean).join(". ") };
  }
  const password = typeof body?.password === "string" ? body.password : null;
  return { done: form.dataset.done, password };
}

function show(output, { error, done, password }) {
  output.className = `notice ${error ? "bad" : "ok"}`;
  output.textContent = error ?? done;
  if (!password) return;
  const code = document.createElement("code");
  code.textContent = password;
  output.append(" Password (shown only once): ", code);
}

async function send(form) {
  const [method, path] = form.dataset.api.split(" ");
  const output = form.querySelector("output");
  const button = form.querySelector("button");
  form.dataset.busy = "";
  button.disabled = true;
  try {
    const body = bodyOf(form);
    const hasBody = Object.keys(body).length > 0 || /password$/.test(path);
    const response = await fetch(path, {
      method,
      ...(hasBody && {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    if (response.status === 401) return location.assign("/sign-in");
    const result = await resultOf(response, form);
    show(output, result);
    if (!result.error && "reload" in form.dataset) return location.reload();
  } catch {
    show(output, { error: "The server does not respond." });
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
