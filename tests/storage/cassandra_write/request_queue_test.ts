import assert from "node:assert/strict";
import { Client } from "cassandra-driver";
import { Failure } from "../../../src/base/failure.ts";
import {
  type QueuedRequest,
  RequestQueue,
} from "../../../src/storage/cassandra/write/request_queue.ts";

const client = new Client({ contactPoints: ["127.0.0.1"], localDataCenter: "dc1" });

function request(stored: () => void): QueuedRequest {
  const frame = new Uint8Array(100);
  return { frame, table: "t", routingKey: null, stored, rows: () => [], named: (f) => f };
}

Deno.test("a request that the driver never answers fails the load instead of holding it for ever", async () => {
  let acknowledged = 0;
  let sent = 0;
  // The second request is lost.
  const send = () => ++sent === 2 ? Promise.withResolvers<never>().promise : Promise.resolve();
  const queue = new RequestQueue({
    client,
    keyspace: "k",
    silenceMs: 1_000,
    answerMs: 50,
    send: send as never,
  });
  for (let i = 0; i < 3; i++) queue.push(request(() => acknowledged++));
  const isSlow = (error: unknown) =>
    error instanceof Failure && error.kind === "storage" && error.code === "storage-slow";
  await assert.rejects(queue.drained(), isSlow);
  await assert.rejects(queue.room(), isSlow);
  assert.equal(acknowledged, 2);
  await queue.close();
});

Deno.test("closing does not wait for ever for an answer that never comes", async () => {
  const send = () => Promise.withResolvers<never>().promise;
  const options = { client, keyspace: "k", silenceMs: 1_000, answerMs: 50 };
  const queue = new RequestQueue({ ...options, send: send as never });
  queue.push(request(() => {}));
  await queue.close();
});
