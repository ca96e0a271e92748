import { Buffer } from "node:buffer";
import { messageOf } from "../base/failure.ts";
import { orNull, signatureIfThere } from "../data/durable.ts";
import { type ModuleFiles, moduleFilesSchema } from "../protocol/module_view.ts";
import { diffModules } from "./diff.ts";
import { diffPages, textPages } from "./diff_pages.ts";
import { hashOfSource, type SourceHashes } from "./reviewed.ts";

/** What the thread can do; paths are those of `source.json` of a version. */
export type SourceRequest =
  | { type: "changes"; before: string | null; after: string }
  | { type: "list"; path: string }
  | { type: "text"; path: string; file: string; page: number };

/** The differences between two versions, as the bytes of JSON texts. */
export interface SourceChanges {
  hashes: SourceHashes;
  /** A string: the whole diff. */
  diff: Uint8Array<ArrayBuffer>;
  /** A `DiffPage` for each page, one after the other. */
  pages: Uint8Array<ArrayBuffer>;
  /** Where each page ends. */
  ends: number[];
}

/** A file of a version. */
export interface SourceEntry {
  path: string;
  /** Of a WebAssembly file, those of its binary. */
  bytes: number;
  /** The pages that it is read in; 0 if it is not a text. */
  pages: number;
}

/** A page of a file of a version. */
export interface SourcePage {
  page: number;
  pages: number;
  text: string;
}

/** The answer to each request. */
export interface SourceAnswers {
  changes: SourceChanges;
  list: SourceEntry[];
  /** Null if there is no such file or page. */
  text: SourcePage | null;
}

export type SourceReply = { ok: true; answer: SourceAnswers[keyof SourceAnswers] } | {
  ok: false;
  error: string;
};

interface Port {
  onmessage: ((event: MessageEvent<SourceRequest>) => void) | null;
  postMessage(reply: SourceReply, transfer: Transferable[]): void;
}

const port = self as unknown as Port;
port.onmessage = async ({ data }) => {
  try {
    const answer = await work(data);
    const transfer = answer !== null && "diff" in answer
      ? [answer.diff.buffer, answer.pages.buffer]
      : [];
    port.postMessage({ ok: true, answer }, transfer);
  } catch (error) {
    port.postMessage({ ok: false, error: messageOf(error) }, []);
  }
};

function work(request: SourceRequest): Promise<SourceAnswers[keyof SourceAnswers]> {
  if (request.type === "changes") return changes(request.before, request.after);
  if (request.type === "list") return list(request.path);
  return text(request.path, request.file, request.page);
}

async function changes(before: string | null, after: string): Promise<SourceChanges> {
  const hashes = { before: await hashOfSource(before), after: await hashOfSource(after) };
  const diff = diffModules(before === null ? {} : await read(before), await read(after));
  const pages = diffPages(diff).map(jsonBytes);
  let end = 0;
  const ends = pages.map(({ length }) => end += length);
  return { hashes, diff: jsonBytes(diff), pages: await joined(pages), ends };
}

async function list(path: string): Promise<SourceEntry[]> {
  const entries = Object.entries(await remembered(path)).sort(([a], [b]) => a < b ? -1 : 1);
  return entries.map(([path, text]) =>
    path.endsWith(".wasm")
      ? { path, bytes: Buffer.byteLength(text, "base64"), pages: 0 }
      : { path, bytes: Buffer.byteLength(text), pages: textPages(text).length }
  );
}

async function text(path: string, file: string, page: number): Promise<SourcePage | null> {
  const files = await remembered(path);
  if (!Object.hasOwn(files, file) || file.endsWith(".wasm")) return null;
  const pages = textPages(files[file] ?? "");
  const text = pages[page - 1];
  return text === undefined ? null : { page, pages: pages.length, text };
}

// A reader of one version asks for its files one after the other.
const REMEMBERED = 2;
const known = new Map<string, { signature: string; files: ModuleFiles }>();

async function remembered(path: string): Promise<ModuleFiles> {
  const signature = await signatureIfThere(path);
  const found = known.get(path);
  known.delete(path);
  const files = found?.signature === signature ? found.files : await read(path);
  known.set(path, { signature, files });
  for (const oldest of known.keys()) if (known.size > REMEMBERED) known.delete(oldest);
  return files;
}

async function read(path: string): Promise<ModuleFiles> {
  const text = await orNull(Deno.readTextFile(path));
  return text === null ? {} : moduleFilesSchema.parse(JSON.parse(text));
}

function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

async function joined(parts: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
