// Checks dropped or chosen files like `mysimbdp fetch`, then sends them one after the other.

import { renew } from "./live.js";
import { at } from "./site.js";
import { openBatch, transfer } from "./transfer.js";

const drop = document.getElementById("drop");
const picker = document.getElementById("picker");
const list = document.getElementById("transfers");
const constraints = JSON.parse(drop.dataset.constraints);

/** Returns why a file cannot be sent, or null. The server checks again. */
function refusalOf(file, place) {
  const name = file.name.toLowerCase();
  if (!constraints.formats.some((format) => name.endsWith(format.toLowerCase()))) {
    return `Format not allowed. Allowed: ${constraints.formats.join(", ") || "none"}.`;
  }
  if (file.size > constraints.data_sizes * 1024) {
    return `Too large: ${Math.ceil(file.size / 1024)} KB (limit: ${constraints.data_sizes} KB).`;
  }
  if (place >= constraints.number_files) {
    return `Too many files at a time (limit: ${constraints.number_files}). Send this one afterwards.`;
  }
  return null;
}

/** Returns a warning for a file whose size is close to the limit; empty for others. */
function nearLimit(file) {
  const share = file.size / (constraints.data_sizes * 1024);
  return share < Number(drop.dataset.near)
    ? ""
    : `, at ${Math.floor(share * 100)} % of the maximum file size`;
}

/** Adds the line of one file, with its name, progress and result. */
function lineOf(file) {
  const item = document.createElement("li");
  const row = document.createElement("div");
  row.className = "row";
  const name = document.createElement("span");
  name.className = "what";
  name.textContent = file.name;
  const status = document.createElement("span");
  status.textContent = "waiting";
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Progress of ${file.name}`);
  row.append(name, status);
  item.append(row, bar);
  list.prepend(item);
  return {
    progress(share) {
      bar.value = share;
      status.textContent = `${Math.floor(share * 100)} %`;
    },
    end(text, tone, href) {
      bar.remove();
      status.className = tone;
      status.textContent = text;
      if (!href) return;
      const link = document.createElement("a");
      link.href = href;
      link.textContent = file.name;
      name.replaceChildren(link);
    },
  };
}

async function send(files) {
  const lines = files.map((file) => [file, lineOf(file)]);
  let place = 0;
  const wanted = lines.filter(([file, line]) => {
    const refusal = refusalOf(file, place);
    if (refusal) line.end(refusal, "bad");
    else place++;
    return !refusal;
  });
  if (wanted.length === 0) return;
  const batch = await openBatch().catch((error) => {
    for (const [, line] of wanted) line.end(error.message, "bad");
  });
  if (!batch) return;
  for (const [file, line] of wanted) {
    try {
      const options = { name: file.name, batch, onProgress: line.progress };
      const id = await transfer(file, options);
      const near = nearLimit(file);
      line.end(`sent${near}`, near ? "warn" : "ok", at(`/files/${id}`));
    } catch (error) {
      line.end(error.message, "bad");
    }
    await renew();
  }
}

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  void send([...event.dataTransfer.files]);
});
document.getElementById("choose").addEventListener("click", () => picker.click());
picker.addEventListener("change", () => {
  const files = [...picker.files];
  picker.value = "";
  void send(files);
});
