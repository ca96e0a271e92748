/**
 * `deno task cassandra up|down|status`: a real Cassandra on this machine, for development and tests.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { defaultOptions, down, status, SUPERUSER, up } from "./cassandra/cluster.ts";
import { CASSANDRA_VERSION, whatIsMissing } from "./cassandra/release.ts";
import { CQL_PORT, DATACENTER, MOST_NODES } from "./cassandra/settings.ts";

const USAGE = `usage: deno task cassandra up [--nodes N] [--base ADDRESS] [--heap MB]
       deno task cassandra down [--wipe] [--base ADDRESS]
       deno task cassandra status [--json] [--base ADDRESS]

Runs Apache Cassandra ${CASSANDRA_VERSION} from Maven Central with 1 to ${MOST_NODES} nodes on 127.0.0.1 to 127.0.0.${MOST_NODES},
with authentication and authorization, in .cache/cassandra. --base (CASSANDRA_BASE) is the address of
the first node, --heap (CASSANDRA_HEAP_MB) the heap of each node. If CASSANDRA_CONTACT_POINTS is set,
its cluster is used, and no node is started or stopped.`;

function storageUrl(hosts: string): string {
  const { user, password } = SUPERUSER;
  return `cassandra://${user}:${password}@${hosts}:${CQL_PORT}?datacenter=${DATACENTER}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      nodes: { type: "string", default: "1" },
      base: { type: "string", default: defaultOptions().base },
      heap: { type: "string", default: String(defaultOptions().heapMb) },
      wipe: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { base } = values;
  const [command] = positionals;
  if (values.help || positionals.length !== 1) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const existing = Deno.env.get("CASSANDRA_CONTACT_POINTS");
  if (existing) {
    console.log(`CASSANDRA_CONTACT_POINTS is set to ${existing}: nothing is started or stopped`);
    return 0;
  }
  if (command === "up") {
    const nodes = Number(values.nodes);
    if (!(Number.isInteger(nodes) && nodes >= 1 && nodes <= MOST_NODES)) {
      console.error(`Cannot start ${values.nodes} nodes: the limit is 1 to ${MOST_NODES}`);
      return 2;
    }
    const missing = await whatIsMissing();
    if (missing !== null) {
      console.error(`Cannot start Cassandra: ${missing}`);
      return 1;
    }
    const started = await up({ nodes, base, heapMb: Number(values.heap) });
    const hosts = started.map(({ address }) => address).join(",");
    console.log(`Cassandra ${CASSANDRA_VERSION} answers on ${hosts}\n${storageUrl(hosts)}`);
    return 0;
  }
  if (command === "down") {
    console.log(`stopped ${await down(base, values.wipe)} nodes`);
    return 0;
  }
  if (command === "status") {
    const nodes = await status(base);
    if (values.json) console.log(JSON.stringify(nodes));
    else console.table(nodes);
    return nodes.some(({ answers }) => answers) ? 0 : 1;
  }
  console.error(USAGE);
  return 2;
}

Deno.exit(await main());
