import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Constraints } from "../../src/protocol/constraints.ts";
import type { FileView } from "../../src/protocol/file_view.ts";
import { HEADERS, PATHS } from "../../src/protocol/paths.ts";

interface Upload {
  id: string;
  name: string;
  /** Sent by the client with the creation or the last bytes. */
  sha256: string | null;
  batch: string | null;
  length: number;
  parts: Uint8Array[];
  offset: number;
  /** Only one request at a time can send to an upload; others wait. */
  busy?: Promise<unknown>;
}

/** Responds instead of the server; undefined lets the server respond. */
export type Intercept = (
  request: Request,
) => Response | undefined | Promise<Response | undefined>;

export interface FakeOptions {
  constraints?: Partial<Constraints>;
  tls?: { cert: string; key: string };
  intercept?: Intercept;
  /** Discard the content, for measurements. */
  discard?: boolean;
  port?: number;
}

export const USER = "customer-1";
export const PASSWORD = "pässword-1";

/** A small in-memory server with the platform's HTTP API that records its requests. */
export class FakeServer implements AsyncDisposable {
  readonly uploads = new Map<string, Upload>();
  /** Of all unfinished uploads. */
  idleSeconds = 60;
  readonly files: (FileView & { content: Uint8Array; batch: string | null })[] = [];
  readonly requests: { method: string; path: string; bytes: number }[] = [];
  batches = 0;
  intercept: Intercept;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #constraints: Constraints;

  constructor(readonly options: FakeOptions = {}) {
    this.#constraints = {
      formats: [".csv"],
      number_files: 10,
      data_sizes: 4096,
      ...options.constraints,
    };
    this.intercept = options.intercept ?? (() => undefined);
    this.#server = Deno.serve({
      port: options.port ?? 0,
      hostname: "127.0.0.1",
      onListen: () => {},
      ...options.tls,
    }, this.#app().fetch);
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `${this.options.tls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  /** Returns the number of requests of a method, and their content bytes. */
  sent(method: string): { count: number; bytes: number } {
    const found = this.requests.filter((request) => request.method === method);
    return { count: found.length, bytes: found.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  names(): string[] {
    return this.files.map((file) => file.name).sort();
  }

  /** Puts a file into its final state. */
  settle(name: string, change: Partial<FileView>): void {
    Object.assign(this.files.find((file) => file.name === name)!, change);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #app(): Hono {
    const app = new Hono();
    // Tests of interruptions send bodies that break off.
    app.onError(() => new Response(null, { status: 500 }));
    app.use(async (c, next) => {
      this.requests.push({
        method: c.req.method,
        path: c.req.path,
        bytes: Number(c.req.header("content-length") ?? 0),
      });
      const answer = await this.intercept(c.req.raw);
      if (answer) return answer;
      const expected = btoa(
        String.fromCharCode(...new TextEncoder().encode(`${USER}:${PASSWORD}`)),
      );
      if (c.req.header("authorization") !== `Basic ${expected}`) {
        return problem(401, "bad-credentials", "no");
      }
      await next();
    });
    app.get(PATHS.constraints, (c) => c.json(this.#constraints));
    app.post(PATHS.batches, (c) => c.json({ id: `batch-${++this.batches}` }, 201));
    app.get(
      PATHS.uploads,
      (c) => c.json({ uploads: [...this.uploads.values()].map((upload) => this.#viewOf(upload)) }),
    );
    app.post(PATHS.uploads, (c) => this.#create(c));
    // Hono handles HEAD with the route of GET.
    app.get(`${PATHS.uploads}/:id`, (c) => this.#head(c));
    app.patch(`${PATHS.uploads}/:id`, (c) => this.#patch(c));
    app.delete(`${PATHS.uploads}/:id`, (c) => {
      return c.body(null, this.uploads.delete(c.req.param("id")) ? 204 : 404);
    });
    app.get(PATHS.files, (c) => {
      const { name, sha256 } = c.req.query();
      const files = this.files.filter((file) =>
        file.name === name && (sha256 === undefined || file.sha256 === sha256)
      );
      return c.json({ files, next: null });
    });
    app.get(`${PATHS.files}/:id`, (c) => {
      const file = this.files.find((file) => file.id === c.req.param("id"));
      return file ? c.json(file) : problem(404, "file-not-found", "Cannot find the file");
    });
    return app;
  }

  async #create(c: Context): Promise<Response> {
    const meta = Object.fromEntries(
      (c.req.header("upload-metadata") ?? "").split(",").map((pair) => {
        const [key = "", value = ""] = pair.split(" ");
        const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
        return [key, new TextDecoder().decode(bytes)];
      }),
    );
    const upload: Upload = {
      id: crypto.randomUUID(),
      name: meta.filename ?? "",
      sha256: meta.sha256 ?? null,
      batch: meta.batch ?? null,
      length: Number(c.req.header("upload-length")),
      parts: [],
      offset: 0,
    };
    this.uploads.set(upload.id, upload);
    const headers = { location: `http://elsewhere.invalid${PATHS.uploads}/${upload.id}` };
    if (!c.req.header("content-type")) return new Response(null, { status: 201, headers });
    return await this.#take(c, upload, 201, headers);
  }

  #viewOf({ id, name, sha256, length, offset }: Upload) {
    const [createdAt, expiresAt] = ["2026-11-24T04:46:52.016Z", "2026-11-25T04:46:52.016Z"];
    const { idleSeconds } = this;
    return { id, name, sha256, length, offset, createdAt, expiresAt, idleSeconds };
  }

  async #head(c: Context): Promise<Response> {
    const id = c.req.param("id")!;
    await this.uploads.get(id)?.busy;
    const upload = this.uploads.get(id);
    const file = this.files.find((file) => file.id === id);
    if (upload) return new Response(null, { headers: { "upload-offset": `${upload.offset}` } });
    if (!file) return new Response(null, { status: 404 });
    const headers = { "upload-offset": `${file.size}`, [HEADERS.fileId]: id };
    return new Response(null, { headers });
  }

  async #patch(c: Context): Promise<Response> {
    const upload = this.uploads.get(c.req.param("id")!);
    if (!upload) return problem(404, "upload-not-found", "Cannot find the upload");
    await upload.busy;
    if (Number(c.req.header("upload-offset")) !== upload.offset) {
      return problem(409, "offset-conflict", "Cannot add to the upload at this offset");
    }
    upload.sha256 = c.req.header(HEADERS.sha256) ?? upload.sha256;
    const taking = this.#take(c, upload, 204, {});
    upload.busy = taking.catch(() => {});
    return await taking;
  }

  /** Stores bytes as they arrive, because the client asks for the offset later. */
  async #take(
    c: Context,
    upload: Upload,
    status: number,
    headers: Record<string, string>,
  ): Promise<Response> {
    for await (const part of c.req.raw.body ?? []) {
      if (!this.options.discard) upload.parts.push(part);
      upload.offset += part.length;
    }
    const answer = { ...headers, "upload-offset": `${upload.offset}` };
    if (upload.offset < upload.length) return new Response(null, { status, headers: answer });
    return this.#finish(upload, status, answer);
  }

  #finish(upload: Upload, status: number, headers: Record<string, string>): Response {
    const content = new Uint8Array(this.options.discard ? 0 : upload.length);
    let at = 0;
    for (const part of upload.parts) {
      content.set(part, at);
      at += part.length;
    }
    const found = createHash("sha256").update(content).digest("hex");
    const sha256 = this.options.discard ? upload.sha256 ?? found : found;
    this.uploads.delete(upload.id);
    if (upload.sha256 !== null && sha256 !== upload.sha256) {
      return problem(460, "checksum-mismatch", "Cannot keep the file");
    }
    const version = 1 + this.files.filter(({ name }) => name === upload.name).length;
    this.files.push({
      id: upload.id,
      name: upload.name,
      version,
      size: upload.length,
      sha256,
      state: "received",
      attempts: 0,
      rows: { read: 0, stored: 0, rejected: 0, skipped: 0, written: 0, replaced: 0 },
      receivedAt: "2026-01-01T00:00:00.000Z",
      startedAt: null,
      finishedAt: null,
      nextTryAt: null,
      seconds: null,
      moduleVersion: null,
      reason: null,
      notices: [],
      replacedBy: null,
      replacedByVersion: null,
      replaces: [],
      earlier: null,
      waitingFor: null,
      content,
      batch: upload.batch,
    });
    const done = {
      ...headers,
      [HEADERS.fileId]: upload.id,
      [HEADERS.fileVersion]: `${version}`,
      [HEADERS.sha256]: sha256,
    };
    return new Response(null, { status, headers: done });
  }
}

export function problem(
  status: number,
  code: string,
  detail: string,
  headers: Record<string, string> = {},
): Response {
  const type = `urn:mysimbdp:problem:${code}`;
  return new Response(JSON.stringify({ type, title: code, status, detail }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}
