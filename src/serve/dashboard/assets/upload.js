// Files by drag and drop, or chosen; checked as `fetch` checks them, then sent one after the other.

import { renew } from "./live.js";
import { openBatch, transfer } from "./transfer.js";

const drop = document.getElementById("drop");
const picker = document.getElementById("picker");
const list = document.getElementById("transfers");
const constraints = JSON.parse(drop.dataset.constraints);

/** Why a file cannot be sent; null when it can. The server checks again. */
function faultOf(file, place) {
  const name = file.name.toLowerCase();
  if (!constraints.formats.some((format) => name.endsWith(format.toLowerCase()))) {
    return `Only ${constraints.formats.join(", ")} is allowed.`;
  }
  if (file.size > constraints.data_sizes * 1024) {
    return `It has ${Math.ceil(file.size / 1024)} KB of at most ${constraints.data_sizes} KB.`;
  }
  if (place >= constraints.number_files) {
    return `At most ${constraints.number_files} files go at a time. Send it next.`;
  }
  return null;
}

/** A word of warning beside a file that goes, but of which a larger one would not. */
function nearLimit(file) {
  const share = file.size / (constraints.data_sizes * 1024);
  return share < Number(drop.dataset.near)
    ? ""
    : `, at ${Math.floor(share * 100)} % of the largest size allowed`;
}

/** The line of one file: its name, how far it is, and what became of it. */
function lineOf(file) {
  const item = document.createElement("li");
  const row = document.createElement("div");
  row.className = "row";
  const name = document.createElement("span");
  name.className = "what";
  name.textContent = file.name;
  const said = document.createElement("span");
  said.textContent = "waits";
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Progress of ${file.name}`);
  row.append(name, said);
  item.append(row, bar);
  list.prepend(item);
  return {
    progress(share) {
      bar.value = share;
      said.textContent = `${Math.floor(share * 100)} %`;
    },
    end(text, tone, href) {
      bar.remove();
      said.className = tone;
      said.textContent = text;
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
    const fault = faultOf(file, place);
    if (fault) line.end(fault, "bad");
    else place++;
    return !fault;
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
      line.end(`sent${near}`, near ? "warn" : "ok", `/files/${id}`);
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
