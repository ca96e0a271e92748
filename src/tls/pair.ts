import { Failure, messageOf } from "../base/failure.ts";
import { type Certificate, isIssuedBy } from "./certificate.ts";
import { parsePem, type PemFile } from "./pem.ts";

/** The paths of a certificate chain and its key. */
export interface TlsPaths {
  tls_cert: string;
  tls_key: string;
}

/** A certificate chain and its key, which belong together. */
export interface TlsPair {
  /** PEM texts. */
  cert: string;
  key: string;
  /** The first of the chain, which is the server's. */
  certificate: Certificate;
}

/**
 * Reads a certificate chain and its key, and checks that each certificate was issued by the next one
 * and that the key belongs to the first. Dates are not checked.
 *
 * @throws {Failure} `bad-tls`, which names the file and the reason
 *
 * @example
 * ```ts ignore
 * const { certificate } = await readTlsPair(config.server);
 * ```
 */
export async function readTlsPair({ tls_cert, tls_key }: TlsPaths): Promise<TlsPair> {
  const chain = await readPem("certificate", tls_cert);
  checkChain(tls_cert, chain);
  const key = await readPem("key", tls_key);
  checkKey(tls_key, key);
  const pair = { cert: chain.text, key: key.text };
  const fault = faultOf(pair);
  if (fault !== null) throw mismatch(tls_cert, tls_key, chain, key, fault);
  return { ...pair, certificate: chain.certificates[0]! };
}

type What = "certificate" | "key";

async function readPem(what: What, path: string): Promise<PemFile> {
  try {
    return parsePem(await Deno.readFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw bad(what, path, "it does not exist", CHECK);
    if (error instanceof Deno.errors.PermissionDenied) {
      throw bad(
        what,
        path,
        "its permissions do not allow it to be read",
        "Let the user that runs serve read it.",
      );
    }
    const isDer = messageOf(error).includes("DER");
    const convert = what === "certificate"
      ? `openssl x509 -inform der -in ${path} -out ${path}.pem`
      : `openssl pkey -inform der -in ${path} -out ${path}.pem`;
    throw bad(what, path, messageOf(error), isDer ? `Convert it with ${convert}.` : CHECK);
  }
}

const CHECK = "Check --tls-cert and --tls-key (server.tls_cert and server.tls_key).";

function checkChain(path: string, { labels, certificates }: PemFile): void {
  if (certificates.length === 0) {
    const isKey = labels.some((label) => label.endsWith("PRIVATE KEY"));
    throw isKey
      ? bad("certificate", path, "it is a private key", "Swap --tls-cert and --tls-key.")
      : bad("certificate", path, `it contains no certificate but ${labels.join(", ")}`, CHECK);
  }
  for (const [at, certificate] of certificates.entries()) {
    const next = certificates[at + 1];
    if (next === undefined || isIssuedBy(certificate, next)) continue;
    throw bad(
      "certificate",
      path,
      `its certificate number ${
        at + 2
      }, "${next.name}", did not issue the one before it, "${certificate.name}"`,
      ORDER,
    );
  }
}

const ORDER = "Put the server's certificate first, then the one that issued it, and so on.";

function checkKey(path: string, { text, labels, certificates }: PemFile): void {
  const found = labels.filter((label) => label.endsWith("PRIVATE KEY"));
  if (found.length === 0) {
    throw certificates.length > 0
      ? bad("key", path, "it is a certificate", "Swap --tls-cert and --tls-key.")
      : bad("key", path, `it contains no private key but ${labels.join(", ")}`, CHECK);
  }
  if (found[0] === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    const decrypt = `Decrypt it with openssl pkey -in ${path} -out FILE, and set its mode to 600.`;
    throw bad("key", path, "it is encrypted", decrypt);
  }
}

/** Has the runtime load the pair. @returns its error; null on success */
function faultOf(pair: { cert: string; key: string }): string | null {
  try {
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...pair }).close();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function mismatch(
  certPath: string,
  keyPath: string,
  { text, certificates }: PemFile,
  key: PemFile,
  fault: string,
): Failure {
  if (!/mismatch|consistent/i.test(fault)) {
    return bad(
      "key",
      keyPath,
      `it cannot be used (${fault})`,
      "Use a key of RSA, ECDSA or Ed25519.",
    );
  }
  const blocks = text.match(/-----BEGIN [^-]*CERTIFICATE-----[\s\S]*?-----END [^-]*-----/g) ?? [];
  const owner = blocks.findIndex((cert) => faultOf({ cert, key: key.text }) === null);
  const of = certificates[0]!;
  if (owner > 0) {
    const text = `its certificate number ${
      owner + 1
    } belongs to the key, not the first, "${of.name}"`;
    return bad("certificate", certPath, text, ORDER);
  }
  return bad(
    "key",
    keyPath,
    `it does not belong to the certificate "${of.name}" in "${certPath}"`,
    "Use the key with which the certificate was requested.",
  );
}

function bad(what: What, path: string, reason: string, hint: string): Failure {
  return new Failure("usage", "bad-tls", `Cannot use the TLS ${what} "${path}": ${reason}`, {
    hint,
  });
}
