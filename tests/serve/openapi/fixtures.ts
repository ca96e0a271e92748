import { join } from "node:path";
import type { Hono } from "hono";
import { dummyHash } from "../../../src/accounts/stored_hash.ts";
import { UsersFile } from "../../../src/accounts/users.ts";
import { createApp } from "../../../src/serve/app.ts";
import type { AppEnv } from "../../../src/serve/http/env.ts";
import {
  EXAMPLE_CSV,
  EXAMPLE_FILE,
  EXAMPLE_ID,
  EXAMPLE_MODULE,
  EXAMPLE_TEST_RUN,
  EXAMPLE_TOKEN,
  EXAMPLE_UPLOAD_ID,
} from "../../../src/serve/api/examples.ts";
import { markPending } from "../../../src/modules/review.ts";
import { TestRuns } from "../../../src/modules/test_runs.ts";
import { ModuleInbox } from "../../../src/modules/inbox.ts";
import { ModuleStore } from "../../../src/modules/store.ts";
import { submitModule } from "../../../src/modules/submit.ts";
import { openIntake } from "../../../src/staging/intake.ts";
import { prepareData } from "../../../src/data/layout.ts";
import { Layout } from "../../../src/data/layout.ts";
import { fakeAccounts, fakeLedger, WIDE } from "../harness.ts";

/** A server with the data of the document's examples. */
export interface ExampleServer extends AsyncDisposable {
  app: Hono<AppEnv>;
}

/** The file, the unfinished upload and the module of the examples exist and belong to `customer-1`. */
export async function exampleServer(): Promise<ExampleServer> {
  const dataDir = await Deno.makeTempDir({ prefix: "mysimbdp-openapi-" });
  await prepareData(new Layout(dataDir));
  const upload = {
    id: EXAMPLE_UPLOAD_ID,
    tenant: "customer-1",
    name: "april.csv",
    length: 38,
    sha256: null,
    batch: null,
    counted: true,
    metadata: "filename YXByaWwuY3N2",
    createdAt: Date.now(),
  };
  const users = new UsersFile(join(dataDir, "users.json"));
  await users.add("customer-1", dummyHash("argon2id"));
  const tokens = [{ ...EXAMPLE_TOKEN, sha256: "" }];
  await users.changeCredentials("customer-1", (credentials) => ({ ...credentials, tokens }));
  await Deno.mkdir(join(dataDir, "archive/customer-1"));
  await Deno.writeTextFile(join(dataDir, "archive/customer-1", EXAMPLE_ID), EXAMPLE_CSV);
  const path = join(dataDir, "uploads", EXAMPLE_UPLOAD_ID);
  await Deno.writeTextFile(path, "");
  await Deno.writeTextFile(`${path}.json`, JSON.stringify(upload));
  const modules = new Layout(dataDir).moduleRoot;
  const inbox = new ModuleInbox(modules);
  const store = new ModuleStore(modules);
  const { version } = await submitModule(store, inbox, "customer-1", EXAMPLE_MODULE, 0);
  await markPending(store, { tenant: "customer-1", version });
  const asked = { tenant: "customer-1", version, name: "", askedAt: "", sample: "" };
  await new TestRuns(inbox.folder, store).finish(asked, EXAMPLE_TEST_RUN);
  const intake = await openIntake(dataDir);
  const { receivedAt, startedAt, finishedAt, ...shown } = EXAMPLE_FILE;
  const record = {
    ...shown,
    id: EXAMPLE_ID,
    tenant: "customer-1",
    batch: null,
    nextTryAt: null,
    receivedAt: Date.parse(receivedAt),
    startedAt: Date.parse(startedAt ?? ""),
    finishedAt: Date.parse(finishedAt ?? ""),
  };
  const stopping = new AbortController();
  const app = createApp({
    stopping: stopping.signal,
    version: "1.2.3",
    intake,
    accounts: fakeAccounts(),
    operators: fakeAccounts(),
    ledger: fakeLedger([record]),
    defaultConstraints: { ...WIDE, data_sizes: 4096 },
  });
  return {
    app,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      intake.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}
