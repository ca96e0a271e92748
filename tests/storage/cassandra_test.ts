import { storageContract } from "../contracts/storage_contract.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { cassandraBackend, dropAll } from "./cassandra_backend.ts";

const ignore = await whyNoCassandra() !== null;
storageContract("cassandra", cassandraBackend, { ignore });

Deno.test({ name: "cassandra: what the tests have made is taken away", ignore, fn: dropAll });
