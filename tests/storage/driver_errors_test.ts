import assert from "node:assert/strict";
import cassandra from "cassandra-driver";
import { cassandraFailure, writeFailure } from "../../src/storage/cassandra/errors.ts";
import { isPassing } from "../../src/base/retry.ts";

const { errors } = cassandra;

function codeOf(error: unknown): string {
  const failure = cassandraFailure(error, "Cannot do it");
  const isOurs = failure.code === "storage-error";
  assert.equal(failure.kind, isOurs ? "internal" : "storage");
  assert.match(failure.message, /^Cannot do it: /);
  assert.equal(failure.hint === undefined, isOurs);
  return `${failure.code}${isPassing(failure) ? ", passing" : ""}`;
}

const answer = (code: number) => new errors.ResponseError(code, "the node's message");
const noHost = (...inner: unknown[]) =>
  new errors.NoHostAvailableError(
    Object.fromEntries(inner.map((each, i) => [`10.0.0.${i}:9042`, each])),
    "All host(s) tried for query failed.",
  );

Deno.test("errors of the driver have the codes of docs/operations.md", () => {
  assert.equal(codeOf(answer(0x0100)), "storage-credentials");
  assert.equal(codeOf(answer(0x2100)), "storage-denied");
  assert.equal(codeOf(answer(0x1000)), "storage-unavailable, passing");
  assert.equal(codeOf(answer(0x1001)), "storage-busy, passing");
  assert.equal(codeOf(answer(0x1100)), "storage-slow, passing");
  assert.equal(codeOf(answer(0x1300)), "storage-io");
  assert.equal(codeOf(answer(0x1500)), "storage-io, passing");
  assert.equal(codeOf(answer(0x2200)), "storage-error");
  assert.equal(codeOf(answer(0x0000)), "storage-io, passing");
  assert.equal(codeOf(new Error("unexpected")), "storage-error");
  assert.equal(codeOf(new errors.OperationTimedOutError("no reply")), "storage-slow, passing");
  assert.equal(codeOf(noHost()), "storage-unreachable, passing");
  assert.equal(codeOf(answer(0x2000)), "storage-error");
  assert.equal(codeOf(answer(0x1600)), "storage-io, passing");
  assert.equal(codeOf(answer(0x1700)), "storage-slow, passing");
});

Deno.test("a node that cannot read the roles says nothing about a password or a permission", () => {
  const unreadable = "Unable to perform authentication: Cannot achieve consistency level LOCAL_ONE";
  const login = new errors.AuthenticationError(unreadable);
  assert.equal(codeOf(login), "storage-unavailable, passing");
  assert.equal(codeOf(noHost(login)), "storage-unavailable, passing");
  const denied = "Unable to perform authorization of permissions: Operation timed out";
  assert.equal(
    codeOf(new errors.ResponseError(0x2100, denied)),
    "storage-unavailable, passing",
  );
});

Deno.test("how many nodes cannot be reached is reported, and why replicas failed", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const two = noHost(refused, answer(0x1000), refused);
  const { message, code } = cassandraFailure(two, "Cannot do it");
  assert.deepEqual([message, code], [
    "Cannot do it: the node's message (2 of 3 nodes cannot be reached)",
    "storage-unavailable",
  ]);
  const reasons = { "10.0.0.1": 5, "10.0.0.2": 1, "10.0.0.3": 99 };
  const failed = Object.assign(answer(0x1300), { reasons });
  assert.match(
    cassandraFailure(failed, "Cannot do it").message,
    /\(10\.0\.0\.1: it is down, 10\.0\.0\.2: too many tombstones, 10\.0\.0\.3: reason 99\)$/,
  );
});

Deno.test("what a person has to correct comes before what passes", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const wrong = new errors.AuthenticationError("Provided username and/or password are incorrect");
  assert.equal(codeOf(noHost(refused, wrong)), "storage-credentials");
  assert.equal(codeOf(noHost("Host considered as DOWN", refused)), "storage-unreachable, passing");
});

Deno.test("of the errors of several nodes the first known one is reported", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  assert.equal(codeOf(noHost(new Error("?"), refused)), "storage-unreachable, passing");
  assert.equal(
    codeOf(noHost(new Error("?"), new errors.AuthenticationError("no"))),
    "storage-credentials",
  );
});

Deno.test("rows with an invalid value are refused; other failed writes are storage failures", () => {
  const failureOf = (error: unknown) => writeFailure(error, "readings", "t_customer_1");
  const refused = (message: string) => {
    const failure = failureOf(new errors.ResponseError(0x2200, message));
    assert.deepEqual([failure.kind, failure.code], ["refused", "rows-refused"]);
    assert.doesNotMatch(failure.message, /t_customer_1/);
    return failure.message.replace('Cannot write rows of table "readings": ', "");
  };
  assert.equal(
    refused(
      "Rejected an oversized mutation (11700070/8388608) for keyspace: t_customer_1. " +
        "Top keys are: readings.1",
    ),
    "a row needs 11.2 MiB, the limit is 8 MiB (max_mutation_size of the cluster)",
  );
  assert.equal(
    refused("Cannot index value of size 70000 for index i on t_customer_1.readings(note)"),
    "Cannot index value of size 70000 for index i on readings(note)",
  );
  const busy = failureOf(answer(0x1001));
  assert.deepEqual([busy.kind, busy.code], ["storage", "storage-busy"]);
  assert.match(busy.message, /^Cannot write rows of table "readings": /);
  const full = "Guardrail replica_disk_usage violated: Write request failed because disk usage " +
    "exceeds failure threshold";
  const waits = failureOf(new errors.ResponseError(0x2200, full));
  assert.deepEqual([waits.kind, waits.code, isPassing(waits)], ["storage", "cluster-full", true]);
  assert.equal(failureOf(noHost(answer(0x2500))).code, "table-changed");
});

Deno.test("a failed TLS handshake is not reported as an unreachable cluster", () => {
  for (
    const message of [
      "invalid peer certificate: UnknownIssuer",
      'invalid peer certificate: certificate not valid for name "10.0.0.1"',
      "received fatal alert: CertificateRequired",
      "received corrupt message of type InvalidContentType",
    ]
  ) assert.equal(codeOf(noHost(new Deno.errors.InvalidData(message))), "storage-tls", message);
});
