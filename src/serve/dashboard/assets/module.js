// Submits a folder from the customer's machine as a new version of the module.

import { renew } from "./live.js";
import { onSubmit, problemText, report } from "./report.js";
import { at } from "./site.js";

const form = document.getElementById("submit-module");

/** Returns a file's path within the chosen folder, without the folder's name. */
function pathOf(file) {
  return file.webkitRelativePath.split("/").slice(1).join("/") || file.name;
}

const SOURCE = /\.(ts|mts|js|mjs|json|py|wasm)$/;
const EXCLUDED = /(^|\/)(\.|(node_modules|samples|tests)\/)|(_test\.m?ts|\.d\.m?ts)$/;
const EDITOR_FILES = new Set(["deno.json", "deno.lock", "tsconfig.json", "package.json"]);

/** Returns the texts by path, WebAssembly in base64; excludes the same files as `fetch module push`. */
async function textsOf(files) {
  const wanted = files.filter((file) =>
    SOURCE.test(file.name) && !EXCLUDED.test(pathOf(file)) && !EDITOR_FILES.has(file.name)
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

async function submit() {
  const files = await textsOf([...form.elements.namedItem("files").files]);
  const response = await fetch(at("/v1/module"), {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ files }),
  });
  if (response.status === 401) return location.assign(at("/sign-in"));
  const body = await response.json();
  if (!response.ok) return report(form, problemText(body), "bad");
  const link = { href: at(`/module/${body.version}`), text: "View version" };
  report(form, `${body.version} submitted.`, "ok", link);
  await renew();
}

onSubmit(form, submit);
