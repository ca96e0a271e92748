import type { z } from "zod";
import { ModuleInbox } from "../../modules/inbox.ts";
import { ModuleLog } from "../../modules/module_log.ts";
import { MAX_SOURCE_CHARS, SOURCE_LIMITS } from "../../modules/source.ts";
import { isVersion, ModuleStore } from "../../modules/store.ts";
import { submitModule } from "../../modules/submit.ts";
import { TestRuns } from "../../modules/test_runs.ts";
import { viewOfVersion } from "../../modules/version_record.ts";
import { Failure } from "../../base/failure.ts";
import {
  type moduleLogSchema,
  moduleSubmissionSchema,
  type ModuleView,
  type VersionWithFiles,
} from "../../protocol/module_view.ts";
import type { Layout } from "../../data/layout.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import type { Report } from "../events.ts";
import { badRequest, notFound } from "../http/problem_response.ts";

/** Where the routes of a customer's module find everything. */
export interface ModuleDeps {
  store: ModuleStore;
  inbox: ModuleInbox;
  log: ModuleLog;
  testRuns: TestRuns;
  report: Report;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds without a byte until a body is given up. */
  stallMs: number;
}

/** In JSON a character of a source may take several bytes; those of WebAssembly take one. */
const MAX_BODY_BYTES = MAX_SOURCE_CHARS + 2 * SOURCE_LIMITS.bytes;
/** Of a body that is too large so much is taken and dropped, so that its sender hears why. */
const MAX_DROPPED_BYTES = 3 * MAX_BODY_BYTES;
const LOG_ENTRIES = 100;

export function moduleDeps(
  layout: Layout,
  rest: Pick<ModuleDeps, "report" | "now" | "stallMs">,
): ModuleDeps {
  const store = new ModuleStore(layout.moduleRoot);
  const inbox = new ModuleInbox(layout.moduleRoot);
  const testRuns = new TestRuns(inbox.folder, store);
  return { store, inbox, log: new ModuleLog(store), testRuns, ...rest };
}

/** `GET /v1/module`: all versions, newest first, and which one runs. */
export function showModule({ store }: ModuleDeps): AppHandler {
  return async (c) => {
    const tenant = c.get("tenant");
    const versions = (await store.records(tenant)).map(viewOfVersion).reverse();
    const current = await store.currentVersion(tenant);
    return c.json({ current, versions } satisfies ModuleView);
  };
}

/** `GET /v1/module/:version`: one version with its files. */
export function showVersion({ store }: ModuleDeps): AppHandler {
  return async (c) => {
    const tenant = c.get("tenant");
    const version = c.req.param("version") ?? "";
    const isThere = isVersion(version) && (await store.versions(tenant)).includes(version);
    if (!isThere) throw notFound(c.req.path);
    const view = viewOfVersion(await store.record(tenant, version));
    const files = await store.sources(tenant, version);
    return c.json({ ...view, files } satisfies VersionWithFiles);
  };
}

/** `GET /v1/module/log`: what the author should know, newest first. */
export function showModuleLog({ log }: ModuleDeps): AppHandler {
  return async (c) => {
    const entries = await log.last(c.get("tenant"), LOG_ENTRIES);
    return c.json({ entries } satisfies z.infer<typeof moduleLogSchema>);
  };
}

/**
 * `PUT /v1/module`: takes a new version, to be checked by `manage`. It is only stored here: none of
 * it is run, and no name in it becomes a path.
 */
export function putModule({ store, inbox, report, now, stallMs }: ModuleDeps): AppHandler {
  return async (c) => {
    const { files } = parseSubmission(await readText(c, stallMs));
    const tenant = c.get("tenant");
    const record = await submitModule(store, inbox, tenant, files, now());
    const { version } = record;
    report({ type: "module-submitted", tenant, version, files: Object.keys(files).length });
    return c.json(viewOfVersion(record), 202);
  };
}

function parseSubmission(text: string): z.infer<typeof moduleSubmissionSchema> {
  const expected = 'Send JSON: {"files":{"ingest.ts":"…","tenant.json":"…"}}';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badRequest("Cannot read the module: the body is not JSON", expected);
  }
  const parsed = moduleSubmissionSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path = [], message = "" } = parsed.error.issues[0] ?? {};
  const where = path.length > 0 ? `"${path.join(".").slice(0, 100)}": ` : "";
  throw badRequest(`Cannot read the module: ${where}${message}`, expected);
}

/** The body as text, never more of it than a module may have. */
async function readText(c: AppContext, stallMs: number): Promise<string> {
  const reader = c.req.raw.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read(), stallMs);
      if (done && bytes > MAX_BODY_BYTES) throw bodyTooLarge();
      if (done) return text + decoder.decode();
      bytes += value.length;
      if (bytes > MAX_DROPPED_BYTES) throw bodyTooLarge();
      if (bytes <= MAX_BODY_BYTES) text += decoder.decode(value, { stream: true });
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(stalled()), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function stalled(): Failure {
  return new Failure("refused", "body-stalled", "Cannot take the module: no more bytes came");
}

function bodyTooLarge(): Failure {
  const mb = Math.floor(MAX_BODY_BYTES / 1024 ** 2);
  const text = `Cannot take the module: the body has more than ${mb} MB`;
  return new Failure("refused", "module-too-large", text);
}
