// Sends rejected records, corrected in the browser, as a new file.

import { onSubmit, report } from "./report.js";
import { at } from "./site.js";
import { openBatch, transfer } from "./transfer.js";

const form = document.getElementById("fix");

/** Characters of the file to search for the end of its first record. */
const MAX_HEADER = 64 * 1024;

/** Pauses in milliseconds after which a request that failed is repeated. */
const PAUSES = [500, 1000, 2000];

/** Requests the original file; null if it is no longer kept. */
async function original(id, pauses = PAUSES) {
  const response = await fetch(at(`/v1/files/${id}/content`)).catch(() => null);
  if (response?.ok) return response;
  if (response?.status === 404 || pauses.length === 0) return null;
  await new Promise((resolve) => setTimeout(resolve, pauses[0]));
  return await original(id, pauses.slice(1));
}

/** Returns the first record of the original file: up to the first line end outside quotes. */
async function firstLine(id) {
  const response = await original(id);
  if (response === null) return "";
  const reader = (await plain(response.body)).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let end = -1; end < 0 && text.length < MAX_HEADER;) {
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

/** Decompresses a gzip stream, recognised by its first two bytes; returns others unchanged. */
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

/** Returns the selected records, after the header if there is one. */
function correctedText() {
  const header = form.elements.namedItem("header").value;
  const records = [...form.querySelectorAll("tr[data-reject]")].flatMap((row) => {
    const record = row.querySelector("textarea");
    return record && row.querySelector("input").checked ? [record.value] : [];
  });
  const lines = header === "" ? records : [header, ...records];
  return { count: records.length, text: lines.map((line) => `${line}\n`).join("") };
}

async function send() {
  const { count, text } = correctedText();
  if (count === 0) return report(form, "No record is selected.", "bad");
  const name = form.elements.namedItem("name").value;
  report(form, "Sending …");
  try {
    const file = new File([text], name, { type: "text/csv" });
    const id = await transfer(file, { name, batch: await openBatch() });
    const sent = `${count} ${count === 1 ? "record" : "records"} sent as ${name}.`;
    report(form, sent, "ok", { href: at(`/files/${id}`), text: "View file" });
  } catch (error) {
    report(form, error.message, "bad");
  }
}

if (form) {
  onSubmit(form, send);
  // Unchanged records would be rejected again, and too many rejects make the whole file fail.
  form.addEventListener("input", ({ target }) => {
    const box = target.closest("tr[data-reject]")?.querySelector("input");
    if (box && target !== box) box.checked = true;
  });
  const header = form.elements.namedItem("header");
  // JSON Lines has no header.
  if (!/\.(jsonl|ndjson)$/i.test(form.elements.namedItem("name").value)) {
    firstLine(form.dataset.file).then((line) => {
      if (header.value === "") header.value = line;
    });
  }
}
