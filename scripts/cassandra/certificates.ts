import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Guards nothing: the keystore lies beside it, for a cluster of tests. */
export const KEYSTORE_PASSWORD = "for-tests-only";

/** The name that is in the certificate besides the addresses. */
export const NODES_NAME = "cassandra.test";

/** What nodes show to clients that want TLS, and what those need to trust it. */
export interface Certificates {
  /** PEM of the authority. */
  ca: string;
  /** PKCS #12 with the one certificate of all nodes. */
  keystore: string;
}

/** Where the certificates of a cluster lie, there or not. */
export function certificatesIn(dir: string): Certificates {
  return { ca: join(dir, "ca.pem"), keystore: join(dir, "nodes.p12") };
}

// An authority that signs one certificate for the addresses of all nodes.
const SCRIPT = `set -e
tool() { keytool -J-XX:TieredStopAtLevel=1 -storepass "$PASSWORD" -noprompt "$@" 2>/dev/null; }
pair() { tool -genkeypair -keyalg EC -groupname secp256r1 -validity 3650 "$@"; }
pair -keystore ca.p12 -alias ca -dname "CN=$NAME" -ext bc:c
pair -keystore nodes.p12 -alias node -dname "CN=Cassandra of tests" -ext "$NAMES"
tool -exportcert -rfc -keystore ca.p12 -alias ca -file ca.pem
tool -certreq -keystore nodes.p12 -alias node -ext "$NAMES" -file node.csr
tool -gencert -rfc -keystore ca.p12 -alias ca -validity 3650 -ext "$NAMES" -infile node.csr -outfile node.pem
cat node.pem ca.pem > chain.pem
tool -importcert -keystore nodes.p12 -alias node -file chain.pem
`;

/**
 * Makes the certificates of a cluster, by the `keytool` that comes with Java, unless they are there.
 * @param dir the folder for them alone
 * @param addresses IP addresses for which they are to be valid
 */
export async function certificates(
  dir: string,
  addresses: readonly string[],
): Promise<Certificates> {
  const made = certificatesIn(dir);
  if (existsSync(made.ca) && existsSync(made.keystore)) return made;
  await Deno.mkdir(dirname(dir), { recursive: true });
  const part = await Deno.makeTempDir({ dir: dirname(dir), prefix: "tls-" });
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", SCRIPT],
    cwd: part,
    env: {
      PASSWORD: KEYSTORE_PASSWORD,
      NAME: `Authority of tests ${crypto.randomUUID()}`,
      NAMES: `san=${
        [...addresses.map((address) => `ip:${address}`), `dns:${NODES_NAME}`].join(",")
      }`,
    },
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (!success) {
    throw new Error(`Cannot make certificates: ${new TextDecoder().decode(stdout)}`);
  }
  await Deno.rename(part, dir);
  return made;
}
