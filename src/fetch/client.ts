import type { z } from "zod";
import { type Constraints, constraintsSchema } from "../protocol/constraints.ts";
import { Failure, messageOf } from "../base/failure.ts";
import {
  fileListSchema,
  type FileView,
  fileViewSchema,
  uploadListSchema,
  type UploadView,
} from "../protocol/file_view.ts";
import {
  type ModuleFiles,
  type ModuleLogEntry,
  moduleLogSchema,
  type ModuleView,
  moduleViewSchema,
  type VersionView,
  versionViewSchema,
} from "../protocol/module_view.ts";
import { PATHS, TUS_VERSION } from "../protocol/paths.ts";
import { type NewToken, type NewTokenRequest, newTokenSchema } from "../protocol/tokens.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { foreignAnswer, networkFailure } from "./network_failure.ts";
import { reportOf, tlsExpected, tlsFailure } from "./tls_failure.ts";
import { answerFailure, retryAfter } from "./answer_failure.ts";
import type { SizedBody } from "./sized_body.ts";

/** `fetch` with Deno's option for certificates. */
export type FetchFunction = (
  url: string,
  init: RequestInit & { client?: Deno.HttpClient },
) => Promise<Response>;

export interface ClientOptions {
  /** For example `https://intake.example.com`, with or without a path. */
  server: string;
  user: string;
  /** Without it, `token` is needed. */
  password?: string;
  /** An API token of the user, which is sent instead of a password. */
  token?: string;
  /** PEM certificates to trust in addition to the system's. */
  ca?: string;
  /** @default globalThis.fetch */
  fetch?: FetchFunction;
  clock?: Clock;
  /** Called before each wait that the server asked for (429). */
  onThrottled?: (failure: Failure, seconds: number) => void;
}

/**
 * Opens a request body, once per try.
 * @param onPart must be called whenever bytes were read, to restart the timeout
 */
export type StreamBody = (onPart: () => void) => SizedBody;

interface RequestOptions {
  /** A path of {@link PATHS}, or below it. */
  path: string;
  method?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | StreamBody;
  signal: AbortSignal;
  /** Milliseconds without progress after which the request fails. @default 30000 */
  timeout?: number;
}

const DEFAULT_TIMEOUT = 30_000;
const MAX_THROTTLED = 5;
/** Maximum seconds to wait for a server that asks for it. */
const LONGEST_RETRY_AFTER = 120;

/**
 * The platform's HTTP API for one user. Every method throws a {@link Failure}: kind `auth` for 401
 * and 403, `refused` for other 4xx, `storage` for 507, `server` for the rest and for the network.
 *
 * @example
 * ```ts ignore
 * using client = new ApiClient({ server: "http://127.0.0.1:8080", user, password });
 * const constraints = await client.constraints(AbortSignal.timeout(5000));
 * ```
 */
export class ApiClient implements Disposable {
  /** The server's address without a trailing slash. */
  readonly server: string;
  readonly user: string;
  /** Whether it authenticates with an API token. */
  readonly hasToken: boolean;
  readonly #authorization: string;
  readonly #fetch: FetchFunction;
  readonly #http: Deno.HttpClient | undefined;
  readonly #clock: Clock;
  /** Whether the server has answered, or was asked whether it speaks TLS. */
  #isKnown = false;
  readonly #onThrottled: (failure: Failure, seconds: number) => void;

  /** @throws {Failure} kind `usage` if the address or the certificates are invalid */
  constructor(options: ClientOptions) {
    const { user, password = "", token } = options;
    this.server = serverAddress(options.server);
    this.user = user;
    this.hasToken = token !== undefined;
    this.#authorization = token === undefined ? basic(user, password) : `Bearer ${token}`;
    this.#fetch = options.fetch ?? fetch;
    this.#clock = options.clock ?? systemClock;
    this.#onThrottled = options.onThrottled ?? (() => {});
    this.#http = options.ca === undefined ? undefined : trusting(options.ca);
  }

  constraints(signal: AbortSignal): Promise<Constraints> {
    return this.#json({ path: PATHS.constraints, signal }, constraintsSchema);
  }

  /**
   * Returns the user's file of this name and content; null if the server does not have it, or if a later
   * version replaced its rows, so that sending it again stores them again.
   */
  async findFile(name: string, sha256: string, signal: AbortSignal): Promise<FileView | null> {
    const query = { name, sha256 };
    const list = await this.#json({ path: PATHS.files, query, signal }, fileListSchema);
    return list.files.find((file) =>
      file.name === name && file.sha256 === sha256 && file.replacedBy === null
    ) ?? null;
  }

  /** Returns the user's files of this name, newest first; null if there is more than one page. */
  async filesNamed(name: string, signal: AbortSignal): Promise<FileView[] | null> {
    const list = await this.#json({ path: PATHS.files, query: { name }, signal }, fileListSchema);
    return list.next === null ? list.files.filter((file) => file.name === name) : null;
  }

  file(id: string, signal: AbortSignal): Promise<FileView> {
    const path = `${PATHS.files}/${encodeURIComponent(id)}`;
    return this.#json({ path, signal }, fileViewSchema);
  }

  /** The user's unfinished uploads. */
  async uploads(signal: AbortSignal): Promise<UploadView[]> {
    return (await this.#json({ path: PATHS.uploads, signal }, uploadListSchema)).uploads;
  }

  /** Deletes an unfinished upload and its bytes. @returns why the server keeps it; null if it is gone */
  async discardUpload(id: string, signal: AbortSignal): Promise<Failure | null> {
    const path = `${PATHS.uploads}/${encodeURIComponent(id)}`;
    const headers = { "Tus-Resumable": TUS_VERSION };
    try {
      const response = await this.request({ path, method: "DELETE", headers, signal });
      await response.body?.cancel();
      return null;
    } catch (error) {
      if (error instanceof Failure && error.details.unreachable !== true && error.kind !== "auth") {
        return error;
      }
      throw error;
    }
  }

  /** Opens a batch, to which `number_files` applies; returns its id. */
  async openBatch(signal: AbortSignal): Promise<string> {
    const response = await this.request({ path: PATHS.batches, method: "POST", signal });
    const body = readJson(await response.text(), this.server);
    const id = (body as { id?: unknown } | null)?.id;
    if (typeof id !== "string") throw foreignAnswer(this.server, "it returned no batch id");
    return id;
  }

  /** Creates an API token; only with a password. */
  createToken(request: NewTokenRequest, signal: AbortSignal): Promise<NewToken> {
    const body = new TextEncoder().encode(JSON.stringify(request));
    const headers = { "content-type": "application/json" };
    const options = { path: PATHS.tokens, method: "POST", headers, body, signal };
    return this.#json(options, newTokenSchema);
  }

  async revokeToken(id: string, signal: AbortSignal): Promise<void> {
    const path = `${PATHS.tokens}/${encodeURIComponent(id)}`;
    await this.request({ path, method: "DELETE", signal });
  }

  /** Returns all versions of the user's module, and the current one. */
  module(signal: AbortSignal): Promise<ModuleView> {
    return this.#json({ path: PATHS.module, signal }, moduleViewSchema);
  }

  /** Returns the log for the module's author, newest first. */
  async moduleLog(signal: AbortSignal): Promise<ModuleLogEntry[]> {
    return (await this.#json({ path: PATHS.moduleLog, signal }, moduleLogSchema)).entries;
  }

  /** Submits a version of the user's module. */
  submitModule(files: ModuleFiles, signal: AbortSignal): Promise<VersionView> {
    const body = new TextEncoder().encode(JSON.stringify({ files }));
    const headers = { "content-type": "application/json" };
    const options = { path: PATHS.module, method: "PUT", headers, body, signal };
    return this.#json(options, versionViewSchema);
  }

  /** Sends a request. @throws {Failure} if the response is not 2xx */
  async request(options: RequestOptions): Promise<Response> {
    for (let throttled = 0;; throttled += 1) {
      const response = await this.#send(options);
      if (response.ok) return response;
      const failure = await answerFailure(response, this, options.method ?? "GET", options.path);
      if (mayExpectTls(this.server, response)) throw await tlsExpected(this.server) ?? failure;
      const seconds = retryAfter(response);
      const wait = response.status === 429 && throttled < MAX_THROTTLED;
      if (!wait || seconds > LONGEST_RETRY_AFTER) throw failure;
      this.#onThrottled(failure, seconds);
      await this.#clock.sleep(seconds * 1000, options.signal);
    }
  }

  [Symbol.dispose](): void {
    this.#http?.close();
  }

  async #json<Schema extends z.ZodType>(
    options: RequestOptions,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    const response = await this.request(options);
    const parsed = schema.safeParse(readJson(await response.text(), this.server));
    if (parsed.success) return parsed.data;
    const what = `its response to ${options.method ?? "GET"} ${options.path} is invalid`;
    throw foreignAnswer(this.server, what, { cause: parsed.error });
  }

  async #send(options: RequestOptions): Promise<Response> {
    const query = options.query ? `?${new URLSearchParams(options.query)}` : "";
    const timeout = new AbortController();
    const { body } = options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => timeout.abort(new DOMException("no response in time", "TimeoutError")),
        options.timeout ?? DEFAULT_TIMEOUT,
      );
    };
    alive();
    let response: Response | null = null;
    try {
      response = await this.#fetch(`${this.server}${options.path}${query}`, {
        method: options.method ?? "GET",
        headers: { ...options.headers, authorization: this.#authorization },
        body: typeof body === "function" ? body(alive) : body,
        // A redirect could send the password to another server.
        redirect: "manual",
        signal: AbortSignal.any([options.signal, timeout.signal]),
        ...(this.#http ? { client: this.#http } : {}),
      });
      this.#isKnown = true;
      // Read here, so that the timeout also covers the body, which is small.
      const content = await response.text();
      const { status, headers } = response;
      return new Response(content === "" ? null : content, { status, headers });
    } catch (error) {
      await response?.body?.cancel().catch(() => {});
      options.signal.throwIfAborted();
      throw await this.#explain(timeout.signal.aborted ? timeout.signal.reason : error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns the failure of a request that got no response. */
  async #explain(error: unknown): Promise<Failure> {
    const { server } = this;
    const failure = networkFailure(server, error);
    if (failure.code === "tls-failed") {
      return await tlsFailure({
        server,
        message: reportOf(error),
        hasCa: this.#http !== undefined,
      });
    }
    if (failure.code !== "connection-lost" || this.#isKnown) return failure;
    this.#isKnown = true;
    return await tlsExpected(server) ?? failure;
  }
}

/** Some servers answer a plain request to a port with TLS with a page that says so. */
function mayExpectTls(server: string, { status, headers }: Response): boolean {
  const isProblem = headers.get("content-type")?.startsWith("application/problem+json") ?? false;
  return status === 400 && !isProblem && server.startsWith("http:");
}

function readJson(text: string, server: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw foreignAnswer(server, "its response is not JSON", { cause: error });
  }
}

/**
 * Returns the address of a server without a trailing slash.
 * @throws {Failure} `bad-server`
 */
export function serverAddress(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw badServer(
      server,
      "it is not an http or https URL",
      "Use a URL such as http://127.0.0.1:8080.",
    );
  }
  if (url.username !== "" || url.password !== "") {
    url.username = url.password = "";
    throw badServer(url.href, "it contains a user name or a password", "Use -u and -p instead.");
  }
  if (url.search !== "" || url.hash !== "") {
    throw badServer(server, "it has a query or a fragment", "Remove what follows the path.");
  }
  return url.href.replace(/\/+$/, "");
}

function badServer(server: string, state: string, hint: string): Failure {
  return new Failure("usage", "bad-server", `Cannot use the server "${server}": ${state}`, {
    hint,
  });
}

/** RFC 7617, with the user and the password in UTF-8. */
function basic(user: string, password: string): string {
  if (user.includes(":")) {
    throw new Failure("usage", "bad-user", `Cannot use the user "${user}": it contains a colon`);
  }
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function trusting(ca: string): Deno.HttpClient {
  try {
    return Deno.createHttpClient({ caCerts: [ca] });
  } catch (error) {
    const text = `Cannot use the certificates given with --ca: one is refused (${
      messageOf(error)
    })`;
    throw new Failure("usage", "bad-certificate", text, {
      hint: "Pass a PEM file with the certificate of the authority only.",
      cause: error,
    });
  }
}
