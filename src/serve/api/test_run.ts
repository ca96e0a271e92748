import { z } from "zod";
import { isVersion } from "../../modules/store.ts";
import { Failure } from "../../base/failure.ts";
import { normalizeFileName } from "../../protocol/file_names.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import type { ModuleDeps } from "./module.ts";
import { notFound } from "../http/problem_response.ts";
import { parseQuery } from "../http/query.ts";

/** The query of `POST /v1/module/:version/test-run`. */
export const testRunQuerySchema = z.object({
  name: z.string().default("sample.csv").describe(
    "The sample's name, which the module may look at.",
  ),
});

const MAX_BYTES = 1024 * 1024;
/** Versions of which there is something to run. */
const BUILT = new Set(["pending", "approved", "rolled-back", "rejected"]);

/** `POST /v1/module/:version/test-run`: `manage` runs the sample; nothing of it is stored. */
export function startTestRun(deps: ModuleDeps): AppHandler {
  return async (c) => {
    const version = await ownVersion(c, deps);
    const tenant = c.get("tenant");
    const name = normalizeFileName(parseQuery(c, testRunQuerySchema).name);
    const { state } = await deps.store.record(tenant, version);
    if (!BUILT.has(state)) throw notBuilt(version, state);
    const sample = await readSample(c);
    return c.json(await deps.testRuns.request(tenant, version, name, sample, deps.now()), 202);
  };
}

/** `GET /v1/module/:version/test-run`: the last test run of a version, done or under way. */
export function showTestRun(deps: ModuleDeps): AppHandler {
  return async (c) => {
    const testRun = await deps.testRuns.last(c.get("tenant"), await ownVersion(c, deps));
    if (testRun === null) throw notFound(c.req.path);
    return c.json(testRun);
  };
}

async function ownVersion(c: AppContext, { store }: ModuleDeps): Promise<string> {
  const version = c.req.param("version") ?? "";
  if (isVersion(version) && (await store.versions(c.get("tenant"))).includes(version)) {
    return version;
  }
  throw notFound(c.req.path);
}

async function readSample(c: AppContext): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const part of c.req.raw.body ?? []) {
    bytes += part.byteLength;
    if (bytes > MAX_BYTES) throw tooLarge();
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function tooLarge(): Failure {
  const text = "Cannot try the sample: it has more than 1 MB";
  return new Failure("refused", "file-too-large", text, {
    hint: "The first lines of a file are enough.",
    details: { limit: MAX_BYTES },
  });
}

function notBuilt(version: string, state: string): Failure {
  const text = `Cannot try version ${version}: it is ${state}`;
  return new Failure("refused", "wrong-version-state", text, {
    hint: "A version can be tried once it was checked and has no faults.",
  });
}
