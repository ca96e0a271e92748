import { existsSync } from "node:fs";
import { join } from "node:path";

/** The release that tests and measurements use. */
export const CASSANDRA_VERSION = "5.0.9";
/** The last release before 5.0, for tests of an upgrade. */
export const EARLIER_VERSION = "4.1.9";

export type CassandraVersion = typeof CASSANDRA_VERSION | typeof EARLIER_VERSION;

/** The logger that each release works with. */
const LOGBACK: Record<CassandraVersion, string> = { "5.0.9": "1.5.18", "4.1.9": "1.2.9" };

const pomOf = (version: CassandraVersion) =>
  `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mysimbdp</groupId><artifactId>cassandra</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId>
      <version>${version}</version>
    </dependency>
    <dependency>
      <groupId>ch.qos.logback</groupId><artifactId>logback-classic</artifactId>
      <version>${LOGBACK[version]}</version>
    </dependency>
  </dependencies>
</project>
`;

/**
 * Returns what this machine lacks to run Cassandra, in one line; null if nothing.
 */
export async function whatIsMissing(): Promise<string | null> {
  for (const [tool, flag] of [["java", "-version"], ["mvn", "-version"]] as const) {
    const ran = await new Deno.Command(tool, { args: [flag], stdout: "null", stderr: "null" })
      .output().catch(() => null);
    if (!ran?.success) return `${tool} is not installed (Debian: openjdk-17-jre-headless, maven)`;
  }
  return null;
}

/**
 * Returns the folder with Cassandra's jars, downloaded if missing.
 * @param cacheDir a folder for files that can be downloaded again
 */
export async function jars(cacheDir: string, version: CassandraVersion): Promise<string> {
  const dir = join(cacheDir, `jars-${version}`);
  if (existsSync(dir)) return dir;
  await Deno.mkdir(cacheDir, { recursive: true });
  const work = await Deno.makeTempDir({ dir: cacheDir, prefix: "maven-" });
  try {
    await Deno.writeTextFile(join(work, "pom.xml"), pomOf(version));
    const { success, stdout } = await new Deno.Command("mvn", {
      args: ["-B", "-q", "dependency:copy-dependencies", `-DoutputDirectory=${work}/jars`],
      cwd: work,
      stdout: "piped",
      stderr: "inherit",
    }).output();
    if (!success) {
      throw new Error(
        `Cannot get Cassandra ${version} from Maven Central:\n${
          new TextDecoder().decode(stdout).slice(-2000)
        }`,
      );
    }
    await Deno.rename(join(work, "jars"), dir);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return dir;
}
