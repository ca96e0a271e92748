import { storageContract } from "../contracts/storage_contract.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { cassandraBackend, dropAll } from "./cassandra_backend.ts";

const ignore = await whyNoCassandra() !== null;
storageContract("cassandra", cassandraBackend, { ignore });

Deno.test({ name: "cassandra: keyspaces and roles of the tests are dropped", ignore, fn: dropAll });
