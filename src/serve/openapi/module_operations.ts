import {
  moduleLogSchema,
  moduleSubmissionSchema,
  moduleViewSchema,
  testRunSchema,
  versionViewSchema,
  versionWithFilesSchema,
} from "../../protocol/module_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import { testRunQuerySchema } from "../api/test_run.ts";
import {
  EXAMPLE_CSV,
  EXAMPLE_ID,
  EXAMPLE_MODULE,
  EXAMPLE_TEST_RUN,
  EXAMPLE_VERSION,
} from "./examples.ts";
import type { Operation, Parameter } from "./operation.ts";

const TAG = "Module";

const version: Parameter = {
  name: "version",
  in: "path",
  description: "One of `versions` at `/v1/module`.",
  example: EXAMPLE_VERSION.version,
};

/** The customer's own module: what runs, what was submitted, what became of it. */
export const MODULE_OPERATIONS: Operation[] = [
  {
    method: "get",
    path: PATHS.module,
    id: "showModule",
    tag: TAG,
    summary: "Versions of the module, newest first",
    description: "`current` is the one that runs; null while there is none.",
    audience: "customer",
    answer: {
      status: 200,
      description: "The module.",
      body: {
        schema: moduleViewSchema,
        example: { current: EXAMPLE_VERSION.version, versions: [EXAMPLE_VERSION] },
      },
    },
  },
  {
    method: "put",
    path: PATHS.module,
    id: "submitModule",
    tag: TAG,
    summary: "Submit a version of the module",
    description:
      "Texts by path, at most 200 files and 2 MiB, and 16 MiB of `.wasm` in base64. It is only stored; `manage` bundles " +
      "and checks it in a sandbox. The same files again, while they wait or run, are the same " +
      "version.",
    audience: "customer",
    body: { schema: moduleSubmissionSchema, example: { files: EXAMPLE_MODULE } },
    answer: {
      status: 202,
      description: "It is stored and will be checked.",
      body: { schema: versionViewSchema, example: { ...EXAMPLE_VERSION, state: "checking" } },
    },
    problems: [
      "bad-request",
      "body-stalled",
      "module-too-large",
      "bad-module-files",
      "too-many-submissions",
      "no-space",
    ],
  },
  {
    method: "get",
    path: PATHS.moduleLog,
    id: "showModuleLog",
    tag: TAG,
    summary: "What the module's author should know, newest first",
    description: "`kind` is `version` (its state has changed), `file` (it did not get in), " +
      "`rejects` (records of a file that did) or `console`.",
    audience: "customer",
    answer: {
      status: 200,
      description: "At most 100 entries.",
      body: {
        schema: moduleLogSchema,
        example: {
          entries: [{
            at: "2026-11-24T04:46:52.053Z",
            kind: "rejects",
            version: EXAMPLE_VERSION.version,
            fileId: EXAMPLE_ID,
            file: "march.csv",
            message: '1 of 4 records were rejected, the first at line 5, value: "wet" is not a ' +
              "number",
          }],
        },
      },
    },
  },
  {
    method: "get",
    path: `${PATHS.module}/{version}`,
    id: "showModuleVersion",
    tag: TAG,
    summary: "One version with its files",
    audience: "customer",
    parameters: [version],
    answer: {
      status: 200,
      description: "The version.",
      body: {
        schema: versionWithFilesSchema,
        example: { ...EXAMPLE_VERSION, files: EXAMPLE_MODULE },
      },
    },
    problems: ["not-found"],
  },
  {
    method: "post",
    path: `${PATHS.module}/{version}/test-run`,
    id: "startTestRun",
    tag: TAG,
    summary: "Try a version on a sample",
    description:
      "At most 1 MB. `manage` runs it in the sandbox; nothing of it is stored. One at a " +
      "time.",
    audience: "customer",
    parameters: [version],
    query: testRunQuerySchema,
    queryExample: { name: "march.csv" },
    body: { mediaType: "application/octet-stream", example: EXAMPLE_CSV },
    answer: {
      status: 202,
      description: "It will be run.",
      body: {
        schema: testRunSchema,
        example: {
          ...EXAMPLE_TEST_RUN,
          state: "waiting",
          finishedAt: null,
          tables: [],
          counts: null,
        },
      },
    },
    problems: [
      "bad-request",
      "not-found",
      "bad-file-name",
      "file-too-large",
      "wrong-version-state",
      "test-run-in-progress",
    ],
  },
  {
    method: "get",
    path: `${PATHS.module}/{version}/test-run`,
    id: "showTestRun",
    tag: TAG,
    summary: "The last test run of a version",
    description: "The first rows of each table, the first rejects, and what would become of the " +
      "file.",
    audience: "customer",
    parameters: [version],
    answer: {
      status: 200,
      description: "The test run, done or under way.",
      body: { schema: testRunSchema, example: EXAMPLE_TEST_RUN },
    },
    problems: ["not-found"],
  },
];
