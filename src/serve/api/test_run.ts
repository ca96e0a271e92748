import { z } from "zod";
import { Failure } from "../../base/failure.ts";
import type { DiskState } from "../../data/disk_state.ts";
import type { Layout } from "../../data/layout.ts";
import { notRunnable } from "../../modules/test_runs.ts";
import { normalizeFileName } from "../../protocol/file_names.ts";
import { canRun, testRunSchema } from "../../protocol/module_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import { type LargeBody, withLargeBody } from "../http/body.ts";
import { notFound } from "../http/problem_response.ts";
import { json, type Route, routesFor } from "../http/route.ts";
import { EXAMPLE_CSV, EXAMPLE_TEST_RUN } from "./examples.ts";
import { versionParam } from "./module.ts";
import { type ModuleDeps, versionOf } from "./module_views.ts";

const define = routesFor("Module", "customer", "module");

const querySchema = z.object({
  name: z.string().default("sample.csv").describe(
    "The file name of the sample; the module can read it.",
  ),
});
const SAMPLE_BYTES = 1024 * 1024;

/** The dependencies of the routes of test runs. */
interface TestRunDeps {
  layout: Layout;
  disk: DiskState;
  modules: ModuleDeps;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Running a version of a module on a sample. */
export function testRunRoutes(
  { modules, layout, disk, now }: TestRunDeps,
): Route[] {
  const { testRuns } = modules;
  const sample: LargeBody = { folder: layout.uploads, disk, bytes: SAMPLE_BYTES, tooLarge };
  return [
    define({
      method: "post",
      path: `${PATHS.module}/:version/test-run`,
      id: "startTestRun",
      summary: "Run a version on a sample",
      description: "The sample can have up to 1 MiB. `manage` runs it in the sandbox; nothing is " +
        "stored. An account can have one test run at a time. Until an operator has approved the " +
        "version, it runs without network and secrets. A rejected version is not run.",
      params: { version: versionParam },
      query: { schema: querySchema, example: { name: "march.csv" } },
      body: { mediaType: "application/octet-stream", example: EXAMPLE_CSV },
      answer: json(202, "The test run is waiting.", testRunSchema, {
        ...EXAMPLE_TEST_RUN,
        state: "waiting",
        finishedAt: null,
        tables: [],
        counts: null,
      }),
      problems: [
        "bad-request",
        "not-found",
        "bad-file-name",
        "file-too-large",
        "wrong-version-state",
        "test-run-in-progress",
        "body-stalled",
        "upload-interrupted",
        "too-busy",
      ],
      async handle(c, { params, query }) {
        const tenant = c.get("tenant");
        const { version, state } = await versionOf(modules, tenant, params.version);
        const name = normalizeFileName(query.name);
        if (!canRun(state)) throw notRunnable(version, state);
        return await withLargeBody(
          c,
          sample,
          (path) => testRuns.request(tenant, version, name, path, now()),
        );
      },
    }),
    define({
      method: "get",
      path: `${PATHS.module}/:version/test-run`,
      id: "showTestRun",
      summary: "Show the last test run of a version",
      description: "The first rows of each table, the first rejects, and whether the file would " +
        "be loaded.",
      params: { version: versionParam },
      answer: json(200, "The test run, waiting or done.", testRunSchema, EXAMPLE_TEST_RUN),
      problems: ["not-found"],
      async handle(c, { params }) {
        const { version } = await versionOf(modules, c.get("tenant"), params.version);
        const testRun = await testRuns.last(c.get("tenant"), version);
        if (testRun === null) throw notFound(`a test run of version ${version}`);
        return testRun;
      },
    }),
  ];
}

function tooLarge(): Failure {
  return new Failure("refused", "file-too-large", "Cannot run the sample: it has more than 1 MiB", {
    hint: "Send the first lines of the file.",
    details: { limit: SAMPLE_BYTES },
  });
}
