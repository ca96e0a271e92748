import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Protects nothing: the keystore is next to it, for a test cluster. */
export const KEYSTORE_PASSWORD = "for-tests-only";

/** The name in the certificate besides the addresses. */
export const NODES_NAME = "cassandra.test";

/** The certificate of the nodes for TLS, and the authority that clients need. */
export interface Certificates {
  /** PEM of the authority. */
  ca: string;
  /** PKCS #12 with the one certificate of all nodes. */
  keystore: string;
}

/** The paths of a cluster's certificates, which may not exist yet. */
export function certificatesIn(dir: string): Certificates {
  return { ca: join(dir, "ca.pem"), keystore: join(dir, "nodes.p12") };
}

// Creates an authority that signs one certificate for the addresses of all nodes.
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
 * Creates the certificates of a cluster with Java's `keytool`, unless they exist.
 * @param dir a folder for the certificates only
 * @param addresses the IP addresses that they are valid for
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
    throw new Error(`Cannot create certificates: ${new TextDecoder().decode(stdout)}`);
  }
  await Deno.rename(part, dir);
  return made;
}
