import assert from "node:assert/strict";
import type { ClusterHealth } from "../../src/storage/health.ts";
import { findingsOf } from "../../src/upkeep/doctor/cluster.ts";

const node = (n: number) => ({ address: `10.0.0.${n}`, version: "5.0.9", aheadMs: 0 });
const HEALTHY: ClusterHealth = {
  datacenter: "dc1",
  nodes: [node(1), node(2), node(3)],
  keyspaces: [
    { name: "mysimbdp", replicas: 3, holdsLogins: false },
    { name: "system_auth", replicas: 3, holdsLogins: true },
    { name: "t_one", replicas: 3, holdsLogins: false },
  ],
  logins: [{ datacenter: "dc1", nodes: 3, replicas: 3 }],
  tls: "verified",
  isPrivate: true,
};

Deno.test("doctor: the statement for system_auth names every datacenter", () => {
  const hint = (logins: ClusterHealth["logins"]) => findingsOf({ ...HEALTHY, logins })[0]?.hint;
  const alter = (replicas: string) =>
    "As a superuser, run ALTER KEYSPACE system_auth WITH replication = " +
    `{'class': 'NetworkTopologyStrategy', ${replicas}}; ` +
    "then nodetool repair --full system_auth on each node.";
  const few = [{ datacenter: "dc1", nodes: 5, replicas: 4 }, {
    datacenter: "dc2",
    nodes: 2,
    replicas: 0,
  }];
  assert.equal(hint(few), alter("'dc1': 4, 'dc2': 2"));
  const simple = few.map((each) => ({ ...each, replicas: null }));
  assert.equal(hint(simple), alter("'dc1': 3, 'dc2': 2"));
  assert.equal(hint([{ datacenter: "dc1", nodes: 1, replicas: 1 }]), undefined);
});

/** The only finding for a healthy cluster with one change, as `state: what`. */
function findingFor(change: Partial<ClusterHealth>): string {
  const findings = findingsOf({ ...HEALTHY, ...change });
  assert.equal(findings.length, 1, JSON.stringify(findings));
  const [{ check, state, what, hint }] = findings as [typeof findings[0]];
  assert.equal(check, "cluster");
  assert.equal(hint === undefined, state === "ok");
  return `${state}: ${what}`;
}

function copies(name: string, replicas: number): ClusterHealth["keyspaces"] {
  return HEALTHY.keyspaces.map((each) => each.name === name ? { ...each, replicas } : each);
}

function down(...numbers: number[]): ClusterHealth["nodes"] {
  return [1, 2, 3].map((n) => numbers.includes(n) ? { ...node(n), version: null } : node(n));
}

Deno.test("doctor: a healthy cluster is one line", () => {
  assert.equal(
    findingFor({}),
    "ok: 3 nodes in dc1 answer, Cassandra 5.0.9, 3 copies of all data, TLS verified",
  );
});

Deno.test("doctor: each problem of a cluster is reported", () => {
  assert.match(
    findingFor({ nodes: down(2) }),
    /^warning: 1 of 3 nodes in dc1 do not answer: 10\.0\.0\.2$/,
  );
  assert.match(
    findingFor({ nodes: down(2, 3) }),
    /^failed: 1 of 3 nodes in dc1 answer, too few for the copies of mysimbdp \(3\), .*t_one \(3\)$/,
  );
  const old = [node(1), { ...node(2), version: "4.1.3" }, node(3)];
  assert.match(findingFor({ nodes: old }), /^failed: 10\.0\.0\.2 runs Cassandra 4\.1\.3/);
  assert.match(
    findingFor({ keyspaces: copies("t_one", 1) }),
    /^warning: with fewer than 3 .*: t_one \(1\)$/,
  );
  assert.match(
    findingFor({ keyspaces: copies("t_one", 0) }),
    /^failed: these keyspaces have no copy .*: t_one \(0\)$/,
  );
  assert.match(
    findingFor({ logins: [{ datacenter: "dc1", nodes: 3, replicas: 1 }] }),
    /^warning: system_auth has 1 of 3 copies in dc1: one node that is down blocks logins$/,
  );
  const late = [node(1), { ...node(2), aheadMs: -1_500 }, node(3)];
  assert.match(
    findingFor({ nodes: late }),
    /^warning: these clocks differ .*: 10\.0\.0\.2 -1\.5 s$/,
  );
  assert.match(findingFor({ tls: "none", isPrivate: false }), /^warning: no TLS/);
  assert.match(
    findingFor({ tls: "unverified" }),
    /^warning: the nodes' certificates are not checked/,
  );
});
