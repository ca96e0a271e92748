import assert from "node:assert/strict";
import cassandra from "cassandra-driver";
import { cassandraFailure } from "../../src/storage/cassandra/errors.ts";
import { isPassing } from "../../src/base/retry.ts";

const { errors } = cassandra;

function told(thrown: unknown): string {
  const failure = cassandraFailure(thrown, "Cannot do it");
  assert.equal(failure.kind, "storage");
  assert.match(failure.message, /^Cannot do it: /);
  assert.equal(failure.hint === undefined, failure.code === "storage-error");
  return `${failure.code}${isPassing(failure) ? ", passing" : ""}`;
}

const answer = (code: number) => new errors.ResponseError(code, "the node's words");
const nobody = (...inner: unknown[]) =>
  new errors.NoHostAvailableError(
    Object.fromEntries(inner.map((each, i) => [`10.0.0.${i}:9042`, each])),
    "All host(s) tried for query failed.",
  );

Deno.test("errors of the driver have the codes in docs/operations.md", () => {
  assert.equal(told(answer(0x0100)), "storage-credentials");
  assert.equal(told(answer(0x2100)), "storage-denied");
  assert.equal(told(answer(0x1000)), "storage-unavailable, passing");
  assert.equal(told(answer(0x1001)), "storage-busy, passing");
  assert.equal(told(answer(0x1100)), "storage-slow, passing");
  assert.equal(told(answer(0x1300)), "storage-io");
  assert.equal(told(answer(0x1500)), "storage-io, passing");
  assert.equal(told(answer(0x2200)), "storage-error");
  assert.equal(told(new errors.OperationTimedOutError("no reply")), "storage-slow, passing");
  assert.equal(told(nobody()), "storage-unreachable, passing");
});

Deno.test("of several nodes' errors the most specific is reported", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  assert.equal(told(nobody(new Error("?"), refused)), "storage-unreachable, passing");
  assert.equal(
    told(nobody(new Error("?"), new errors.AuthenticationError("no"))),
    "storage-credentials",
  );
});

Deno.test("TLS that does not come about is no cluster that is away", () => {
  for (
    const words of [
      "invalid peer certificate: UnknownIssuer",
      'invalid peer certificate: certificate not valid for name "10.0.0.1"',
      "received fatal alert: CertificateRequired",
      "received corrupt message of type InvalidContentType",
    ]
  ) assert.equal(told(nobody(new Deno.errors.InvalidData(words))), "storage-tls", words);
});
