/**
 * Other programs that load a CSV file into Cassandra, downloaded if missing and run as their
 * documentation recommends.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SUPERUSER } from "../../cassandra/cluster.ts";
import { CQL_PORT, DATACENTER } from "../../cassandra/settings.ts";
import { ROOT } from "../../program.ts";
import { MissingTool, output, timed, tool } from "../processes.ts";
import { COLUMNS, type MadeFile } from "../rows.ts";

const CACHE = join(ROOT, ".cache", "bench-peers");
const HERE = import.meta.dirname ?? ".";
const PYTHON_PACKAGES = ["cqlsh==6.2.2", "cassandra-driver==3.30.1"];
const DSBULK_VERSION = "1.10.0";
const DSBULK_PARTS = ["runner", "workflow-load", "connectors-csv", "executor-reactor"]
  .concat(["batcher-reactor", "codecs-text"]);
const DSBULK_MAIN = "com.datastax.oss.dsbulk.runner.DataStaxBulkLoader";
const LOOP_IN_FLIGHT = 128;

/** Loads a file into a table, given with its keyspace. @returns seconds */
export type Load = (table: string, file: MadeFile) => Promise<number>;

export interface Peer {
  name: string;
  version: string;
  load: Load;
}

/** `cqlsh` with `COPY FROM`: the whole command. @throws {MissingTool} */
export async function copyPeer(address: string, folder: string): Promise<Peer> {
  const venv = await pythonPackages();
  const cqlsh = tool(join(venv, "bin", "cqlsh"));
  const { user, password } = SUPERUSER;
  return {
    name: "COPY",
    version: (await output(cqlsh, ["--version"])).trim(),
    async load(table, file) {
      const login = ["-u", user, "-p", password, address, String(CQL_PORT)];
      const errors = join(folder, "copy-errors.csv");
      const copy = `COPY ${table} (${COLUMNS.join(",")}) FROM '${file.path}' ` +
        `WITH HEADER = true AND ERRFILE = '${errors}'`;
      return (await timed(cqlsh, [...login, "-e", copy])).seconds;
    },
  };
}

/** The Python driver, one INSERT at a time; the time of the loop alone. */
export async function insertPeer(address: string, most: number): Promise<Peer> {
  const venv = await pythonPackages();
  const python = tool(join(venv, "bin", "python"));
  const { user, password } = SUPERUSER;
  const version = "import cassandra; print(cassandra.__version__)";
  return {
    name: "INSERT",
    version: `cassandra-driver ${(await output(python, ["-c", version])).trim()} (Python)`,
    async load(table, file) {
      const script = join(HERE, "..", "peers", "insert_cql.py");
      const args = [script, address, user, password, table, file.path, String(most)];
      // The time of the first rows is extrapolated.
      return Number(await output(python, args)) * file.rows / Math.min(most, file.rows);
    },
  };
}

async function pythonPackages(): Promise<string> {
  const venv = join(CACHE, "venv");
  if (existsSync(join(venv, "bin", "cqlsh"))) return venv;
  try {
    await output(tool("python3"), ["-m", "venv", venv]);
    await output(tool(join(venv, "bin", "pip")), ["install", "--quiet", ...PYTHON_PACKAGES]);
  } catch (error) {
    await Deno.remove(venv, { recursive: true }).catch(() => undefined);
    throw new MissingTool("cqlsh", `cannot be installed by pip: ${error}`);
  }
  return venv;
}

/** DSBulk: the whole command, with the start of its JVM. @throws {MissingTool} */
export async function dsbulkPeer(address: string, folder: string): Promise<Peer> {
  const java = tool("java", "-cp", `${await dsbulkJars()}/*`, DSBULK_MAIN);
  const { user, password } = SUPERUSER;
  return {
    name: "DSBulk",
    version: (await output(java, ["--version"])).trim(),
    async load(table, file) {
      const [keyspace = "", name = ""] = table.split(".");
      const target = ["-k", keyspace, "-t", name, "-url", file.path, "-header", "true"];
      const login = ["-h", address, "-port", String(CQL_PORT), "-dc", DATACENTER]
        .concat(["-u", user, "-p", password, "-cl", "LOCAL_QUORUM"]);
      const quiet = ["-logDir", join(folder, "dsbulk"), "--log.verbosity", "quiet"];
      return (await timed(java, ["load", ...target, ...login, ...quiet])).seconds;
    },
  };
}

async function dsbulkJars(): Promise<string> {
  const folder = join(CACHE, `dsbulk-${DSBULK_VERSION}`);
  if (existsSync(folder)) return folder;
  const part = await Deno.makeTempDir({ prefix: "mysimbdp-dsbulk-" });
  try {
    await Deno.writeTextFile(join(part, "pom.xml"), dsbulkPom());
    await Deno.mkdir(CACHE, { recursive: true });
    const pom = join(part, "pom.xml");
    await output(tool("mvn"), [
      ...["-q", "-B", "-f", pom, "dependency:copy-dependencies"],
      `-DoutputDirectory=${folder}.part`,
    ]);
    await Deno.rename(`${folder}.part`, folder);
  } catch (error) {
    throw new MissingTool("DSBulk", `cannot be downloaded from Maven: ${error}`);
  } finally {
    await Deno.remove(part, { recursive: true });
  }
  return folder;
}

function dsbulkPom(): string {
  const dependencies = DSBULK_PARTS.map((part) => `
    <dependency>
      <groupId>com.datastax.oss</groupId><artifactId>dsbulk-${part}</artifactId>
      <version>${DSBULK_VERSION}</version>
      <exclusions><exclusion>
        <groupId>com.datastax.oss</groupId><artifactId>dsbulk-workflow-count</artifactId>
      </exclusion></exclusions>
    </dependency>`);
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mysimbdp</groupId><artifactId>dsbulk</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>${dependencies.join("")}
  </dependencies>
</project>
`;
}

/**
 * The upper bound: a plain loop of the driver with values in memory and prepared batches, without a
 * sandbox; the time of the loop alone.
 *
 * @param rowsABatch rows in a batch, of one or several partitions
 */
export function loopPeer(address: string, rowsABatch: number): Peer {
  const { user, password } = SUPERUSER;
  const script = join(HERE, "..", "peers", "cassandra_loop.ts");
  const deno = tool(Deno.execPath(), "run", "-A", "--node-modules-dir=auto", "--no-check", script);
  return {
    name: "loop",
    version: "cassandra-driver 4.10.0 (Deno)",
    async load(table, file) {
      const shape = [String(rowsABatch), String(LOOP_IN_FLIGHT)];
      const { stdout } = await timed(deno, [address, user, password, table, file.path, ...shape]);
      return Number(stdout);
    },
  };
}
