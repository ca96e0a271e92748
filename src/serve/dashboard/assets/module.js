// A folder from the customer's machine, submitted as a new version of its module.

import { renew } from "./live.js";

const form = document.getElementById("submit-module");

/** The path within the chosen folder, without that folder's own name. */
function pathOf(file) {
  return file.webkitRelativePath.split("/").slice(1).join("/") || file.name;
}

const SOURCE = /\.(ts|mts|js|mjs|json|py|wasm)$/;
const LEFT_OUT = /(^|\/)(\.|(node_modules|samples|tests)\/)|(_test\.m?ts|\.d\.m?ts)$/;
const OF_EDITORS = new Set(["deno.json", "deno.lock", "tsconfig.json", "package.json"]);

/** Texts by path, WebAssembly in base64; what is no part of a module is left out, as by `push`. */
async function textsOf(files) {
  const wanted = files.filter((file) =>
    SOURCE.test(file.name) && !LEFT_OUT.test(pathOf(file)) && !OF_EDITORS.has(file.name)
  );
  const pairs = await Promise.all(wanted.map(async (file) => [pathOf(file), await textOf(file)]));
  return Object.fromEntries(pairs);
}

function textOf(file) {
  if (!file.name.endsWith(".wasm")) return file.text();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function tell(text, tone, href) {
  const output = form.querySelector("output");
  output.className = `notice ${tone}`;
  output.textContent = text;
  if (!href) return;
  const link = document.createElement("a");
  link.href = href;
  link.textContent = "See it.";
  output.append(" ", link);
}

async function submit() {
  const files = await textsOf([...form.elements.namedItem("files").files]);
  const response = await fetch("/v1/module", {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ files }),
  });
  if (response.status === 401) return location.assign("/sign-in");
  const body = await response.json();
  if (!response.ok) return tell(`${body.detail} ${body.hint ?? ""}`, "bad");
  tell(`${body.version} was submitted.`, "ok", `/module/${body.version}`);
  await renew();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit().catch(() => tell("The server does not answer.", "bad"));
});
