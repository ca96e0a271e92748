import { Failure } from "../../base/failure.ts";
import { MAX_SOURCE_CHARS, SOURCE_LIMITS } from "../../modules/source.ts";
import { viewOfVersion } from "../../modules/version_record.ts";
import {
  moduleLogSchema,
  moduleSubmissionSchema,
  moduleViewSchema,
  sourcePageSchema,
  versionSourcesSchema,
  versionViewSchema,
  versionWithFilesSchema,
} from "../../protocol/module_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import type { DiskState } from "../../data/disk_state.ts";
import type { Layout } from "../../data/layout.ts";
import type { Emit } from "../../telemetry/events.ts";
import { type LargeBody, withLargeBody } from "../http/body.ts";
import { sendJsonParts } from "../http/json_stream.ts";
import type { ProblemCode } from "../http/problems.ts";
import { json, type Parameter, type Route, routesFor } from "../http/route.ts";
import { EXAMPLE_ID, EXAMPLE_MODULE, EXAMPLE_VERSION } from "./examples.ts";
import {
  type ModuleDeps,
  moduleOf,
  sourcePage,
  sourceQuerySchema,
  versionOf,
  versionSources,
} from "./module_views.ts";

const define = routesFor("Module", "customer", "module");

/** The dependencies of the routes of modules. */
interface ModuleRoutesDeps {
  layout: Layout;
  disk: DiskState;
  modules: ModuleDeps;
  emit: Emit;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** In JSON a character of a source can take several bytes; one of base64 takes one. */
const MAX_BODY_BYTES = MAX_SOURCE_CHARS + 2 * SOURCE_LIMITS.bytes;
const LOG_ENTRIES = 100;

/** The parameter of the routes of one version. */
export const versionParam: Parameter = {
  description: "One of `versions` at `/v1/module`.",
  example: EXAMPLE_VERSION.version,
};

const EXAMPLE_SOURCE = EXAMPLE_MODULE["ingest.ts"] ?? "";
/** Shared by the routes that list the files of a version. */
export const sourcesContract = {
  answer: json(200, "The version and its files.", versionSourcesSchema, {
    ...EXAMPLE_VERSION,
    sources: [{ path: "ingest.ts", bytes: EXAMPLE_SOURCE.length, pages: 1 }],
  }),
  problems: ["not-found", "too-busy"] as ProblemCode[],
};
/** Shared by the routes that show a page of a file. */
export const sourceContract = {
  query: { schema: sourceQuerySchema, example: { path: "ingest.ts" } },
  description: "A page has up to 262,144 UTF-16 units.",
  answer: json(200, "The page.", sourcePageSchema, {
    path: "ingest.ts",
    page: 1,
    pages: 1,
    text: EXAMPLE_SOURCE,
  }),
  problems: ["bad-request", "not-found", "too-busy"] as ProblemCode[],
};

/** A customer's own module: its versions, its log, and submitting a new version. */
export function moduleRoutes({ layout, disk, modules, emit, now }: ModuleRoutesDeps): Route[] {
  const { store, log, submissions } = modules;
  const body: LargeBody = {
    folder: layout.uploads,
    disk,
    bytes: MAX_BODY_BYTES,
    tooLarge: bodyTooLarge,
  };
  return [
    define({
      method: "get",
      path: PATHS.module,
      id: "showModule",
      summary: "List the versions of your module",
      description: "Newest first. `current` is the version that runs; null if none does.",
      answer: json(200, "Your module.", moduleViewSchema, {
        current: EXAMPLE_VERSION.version,
        versions: [EXAMPLE_VERSION],
      }),
      handle: (c) => moduleOf(modules, c.get("tenant")),
    }),
    define({
      method: "put",
      path: PATHS.module,
      id: "submitModule",
      summary: "Submit a version of your module",
      description: "Texts by path: up to 200 files and 2 MiB, plus 16 MiB of `.wasm` in base64. " +
        "The version is stored; `manage` then bundles and checks it in a sandbox. Submitting the " +
        "files of a version that is waiting or running returns that version.",
      body: {
        schema: moduleSubmissionSchema,
        example: { files: EXAMPLE_MODULE },
        isLarge: true,
      },
      answer: json(202, "The version is stored and waits for its check.", versionViewSchema, {
        ...EXAMPLE_VERSION,
        state: "checking",
      }),
      problems: [
        "bad-request",
        "body-stalled",
        "upload-interrupted",
        "too-busy",
        "module-too-large",
        "bad-module-files",
        "no-os-sandbox",
        "too-many-submissions",
        "no-space",
      ],
      async handle(c) {
        const tenant = c.get("tenant");
        const submission = { dataDir: layout.root, tenant, now: now() };
        const { version, files } = await withLargeBody(
          c,
          body,
          (path) => submissions.store({ ...submission, path }),
        );
        emit({ kind: "module.submitted", tenant, moduleVersion: version.version, files });
        return version;
      },
    }),
    define({
      method: "get",
      path: PATHS.moduleLog,
      id: "showModuleLog",
      summary: "Show the log of your module",
      description:
        "Newest first. `kind` is `version` (its state has changed), `file` (a file was " +
        "not loaded), `rejects` (a file was loaded with rejects) or `console` (a line that the " +
        "module printed).",
      answer: json(200, "The last 100 entries.", moduleLogSchema, {
        entries: [{
          at: "2026-11-24T04:46:52.053Z",
          kind: "rejects",
          version: EXAMPLE_VERSION.version,
          fileId: EXAMPLE_ID,
          file: "march.csv",
          message: '1 of 4 records was rejected, the first at line 5, value: "wet" is not a ' +
            "number",
        }],
      }),
      handle: async (c) => ({ entries: await log.last(c.get("tenant"), LOG_ENTRIES) }),
    }),
    define({
      method: "get",
      path: `${PATHS.module}/:version`,
      id: "showModuleVersion",
      summary: "Show a version with its files",
      params: { version: versionParam },
      answer: json(200, "The version.", versionWithFilesSchema, {
        ...EXAMPLE_VERSION,
        files: EXAMPLE_MODULE,
      }),
      problems: ["not-found"],
      async handle(c, { params }) {
        const tenant = c.get("tenant");
        const record = await versionOf(modules, tenant, params.version);
        const path = store.sourcePath(tenant, record.version);
        const files = { path, missing: "{}" };
        return sendJsonParts(c, 200, viewOfVersion(record), { files });
      },
    }),
    define({
      method: "get",
      path: `${PATHS.module}/:version/sources`,
      id: "listModuleSources",
      summary: "List the files of a version",
      params: { version: versionParam },
      ...sourcesContract,
      handle(c, { params }) {
        const tenant = c.get("tenant");
        return versionSources(modules, tenant, params.version, tenant);
      },
    }),
    define({
      method: "get",
      path: `${PATHS.module}/:version/source`,
      id: "showModuleSource",
      summary: "Show a page of a file of a version",
      params: { version: versionParam },
      ...sourceContract,
      handle(c, { params: { version }, query }) {
        const tenant = c.get("tenant");
        return sourcePage(modules, { tenant, version }, query, tenant);
      },
    }),
  ];
}

function bodyTooLarge(): Failure {
  const mb = Math.floor(MAX_BODY_BYTES / 1024 ** 2);
  const text = `Cannot read the module: the body has more than ${mb} MiB`;
  return new Failure("refused", "module-too-large", text);
}
