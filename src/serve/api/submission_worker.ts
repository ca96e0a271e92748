/**
 * The thread that reads, checks and stores a submitted module: parsing 24 MB would hold up all requests.
 *
 * @module
 */
import { answerWork } from "../../base/thread_work.ts";
import { Layout } from "../../data/layout.ts";
import { ModuleInbox } from "../../modules/inbox.ts";
import { ModuleStore } from "../../modules/store.ts";
import { submitModule } from "../../modules/submit.ts";
import { viewOfVersion } from "../../modules/version_record.ts";
import { moduleSubmissionSchema, type VersionView } from "../../protocol/module_view.ts";
import { parsed, parseJson } from "../http/body.ts";
import { requireNativePrograms } from "./native_programs.ts";

/** A submission whose body is in a file. */
export interface Submission {
  path: string;
  /** The data directory. */
  dataDir: string;
  tenant: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The version that it became, and the number of its files. */
export interface Submitted {
  version: VersionView;
  files: number;
}

answerWork<Submission, Submitted>(async ({ path, dataDir, tenant, now }) => {
  const text = new TextDecoder().decode(await Deno.readFile(path));
  const { files } = parsed(moduleSubmissionSchema, parseJson(text), "field");
  const layout = new Layout(dataDir);
  await requireNativePrograms(files, layout, now);
  const store = new ModuleStore(layout.moduleRoot);
  const record = await submitModule(store, new ModuleInbox(layout.moduleRoot), tenant, files, now);
  return { version: viewOfVersion(record), files: Object.keys(files).length };
});
