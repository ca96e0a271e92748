// Rejected records, mended in the browser and sent again as a new file.

import { openBatch, transfer } from "./transfer.js";

const form = document.getElementById("fix");

/** How much of the file is looked at for its first line. */
const MOST = 64 * 1024;

/** The first record of the file as it was sent: up to the first line end that is not in quotes. */
async function firstLine(id) {
  const response = await fetch(`/v1/files/${id}/content`);
  if (!response.ok) return "";
  const reader = (await plain(response.body)).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let end = -1; end < 0 && text.length < MOST;) {
    const { value, done } = await reader.read();
    text += done ? "\n" : decoder.decode(value, { stream: true });
    end = endOfFirst(text);
    if (end >= 0) {
      await reader.cancel();
      return text.slice(0, end).replace(/\r$/, "");
    }
  }
  await reader.cancel();
  return "";
}

/** A stream of what is in a gzip file, told by its first two bytes; any other as it is. */
async function plain(body) {
  const [probe, whole] = body.tee();
  const reader = probe.getReader();
  const { value } = await reader.read();
  void reader.cancel();
  const isGzip = value?.[0] === 0x1f && value[1] === 0x8b;
  return isGzip ? whole.pipeThrough(new DecompressionStream("gzip")) : whole;
}

function endOfFirst(text) {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted;
    else if (text[at] === "\n" && !quoted) return at;
  }
  return -1;
}

function tell(text, tone, href) {
  const output = form.querySelector("output");
  output.className = `notice ${tone}`;
  output.textContent = text;
  if (!href) return;
  const link = document.createElement("a");
  link.href = href;
  link.textContent = "See what becomes of it.";
  output.append(" ", link);
}

/** The ticked records, below the header where there is one. */
function textOfFix() {
  const header = form.elements.namedItem("header").value;
  const records = [...form.querySelectorAll("tr[data-reject]")].flatMap((row) => {
    const record = row.querySelector("textarea");
    return record && row.querySelector("input").checked ? [record.value] : [];
  });
  const lines = header === "" ? records : [header, ...records];
  return { count: records.length, text: lines.map((line) => `${line}\n`).join("") };
}

async function send() {
  const { count, text } = textOfFix();
  if (count === 0) return tell("No record is ticked.", "bad");
  const name = form.elements.namedItem("name").value;
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  tell("Sending …", "");
  try {
    const file = new File([text], name, { type: "text/csv" });
    const id = await transfer(file, { name, batch: await openBatch() });
    tell(`${count} ${count === 1 ? "record" : "records"} sent as ${name}.`, "ok", `/files/${id}`);
  } catch (error) {
    tell(error.message, "bad");
  } finally {
    button.disabled = false;
  }
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  // What was not mended would be rejected again, and too many of those keep the whole file out.
  form.addEventListener("input", ({ target }) => {
    const box = target.closest("tr[data-reject]")?.querySelector("input");
    if (box && target !== box) box.checked = true;
  });
  const header = form.elements.namedItem("header");
  // Records of JSON Lines stand for themselves.
  if (!/\.(jsonl|ndjson)$/i.test(form.elements.namedItem("name").value)) {
    firstLine(form.dataset.file).then((line) => {
      if (header.value === "") header.value = line;
    });
  }
}
