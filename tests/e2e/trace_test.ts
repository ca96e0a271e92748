import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { factOf, Receiver } from "../harness/receiver.ts";
import { until } from "../harness/until.ts";

Deno.test("one trace from fetch through serve and staging to manage and the storage", async () => {
  await using receiver = new Receiver();
  await using platform = await Platform.create();
  await platform.must("manage", "tenant", "add", "t1", "-p", "secret-1");
  await platform.constrain("t1");
  await platform.deploy("t1", keepAll());
  const server = platform.start(["serve", "--listen", "127.0.0.1:0"], { env: receiver.env });
  const url = (await server.line(/^listening on /)).replace("listening on ", "").trim();
  const input = await platform.inputDir({ "a.csv": "x\n1\n2\n" });
  const args = ["fetch", "-u", "t1", "-p", "secret-1", "-d", input, "--server", url];
  const { code, stderr } = await run(args, { env: receiver.env });
  assert.equal(code, 0, stderr);
  const [fetched] = receiver.named("mysimbdp-fetch", "fetch");
  const [upload] = receiver.named("mysimbdp-fetch", "upload");
  assert.equal(upload?.parentSpanId, fetched?.spanId);
  const posted = await until(
    "serve has sent its span",
    () => receiver.named("mysimbdp-serve", "POST /v1/uploads")[0] ?? null,
  );
  assert.equal(posted.traceId, fetched?.traceId);
  assert.equal(posted.parentSpanId, upload?.spanId);
  assert.equal(factOf(posted.attributes, "http.response.status_code"), 201);

  // No process of the upload runs any more: the trace is only in staging.
  await server.stop();
  const manage = platform.start(["manage", "--once"], { env: receiver.env });
  assert.equal((await manage.ended()).code, 0);
  const [ingest] = receiver.named("mysimbdp-manage", "ingest");
  assert.ok(ingest, receiver.spans.map(({ service, name }) => `${service} ${name}`).join("\n"));
  assert.equal(ingest.traceId, fetched?.traceId);
  assert.equal(ingest.parentSpanId, posted.spanId);
  assert.equal(factOf(ingest.attributes, "mysimbdp.outcome"), "ingested");
  assert.equal(factOf(ingest.attributes, "mysimbdp.rows.stored"), 2);
  for (const name of ["storage begin", "sandbox and rows", "storage flush", "storage commit"]) {
    assert.equal(receiver.named("mysimbdp-manage", name)[0]?.parentSpanId, ingest.spanId, name);
  }
  for (const secret of ["secret-1", btoa("t1:secret-1")]) {
    assert.ok(!receiver.text.includes(secret));
  }
});

Deno.test("without an answer from the receiver only the traces are lost", async () => {
  await using platform = await Platform.create();
  await platform.deploy("t1", keepAll());
  await platform.stage("t1", "a.csv", "x\n1\n");
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  const manage = platform.start(["manage", "--once"], { env });
  assert.equal((await manage.ended()).code, 0, manage.stderr.text);
  assert.equal((await platform.files())[0]?.state, "ingested");
});

Deno.test("without a receiver nothing is traced, but a client's trace still reaches staging", async () => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  const { url } = await platform.serve();
  const send = async (name: string, traceparent: string) => {
    const response = await fetch(`${url}/v1/uploads`, {
      method: "POST",
      headers: {
        Authorization: `Basic ${btoa("customer-1:password-1")}`,
        "Tus-Resumable": "1.0.0",
        "Upload-Length": "4",
        "Upload-Metadata": `filename ${btoa(name)}`,
        "Content-Type": "application/offset+octet-stream",
        traceparent,
      },
      body: "x\n1\n",
    });
    await response.body?.cancel();
    assert.equal(response.status, 201);
    const id = response.headers.get("Location")?.split("/").at(-1);
    const path = join(platform.data, "staging/customer-1", `.${id}.json`);
    return JSON.parse(await Deno.readTextFile(path)).traceparent;
  };
  const given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assert.equal(await send("a.csv", given), given);
  assert.equal(await send("b.csv", "00-no-trace"), undefined);
});
