import { Failure, messageOf } from "../base/failure.ts";
import { type Certificate, dateText } from "../tls/certificate.ts";
import { servedCertificate } from "../tls/served.ts";

/** What a client knows about a server that it could not reach. */
interface Unreached {
  /** The server's URL, without a password. */
  server: string;
  /** What `fetch` reported. */
  message: string;
  /** Whether certificates were given with `--ca`. */
  hasCa: boolean;
}

/** The reason of a failure, to follow a colon, and what to do. */
interface Reason {
  state: string;
  hint: string;
}

/**
 * Returns the failure of a server whose certificate is not accepted, or that does not speak TLS. It
 * asks the server for its certificate, so that the message can say what is wrong with it.
 */
export async function tlsFailure(unreached: Unreached): Promise<Failure> {
  const { server, message } = unreached;
  if (/corrupt message/i.test(message)) return await withoutTls(server);
  const certificate = await certificateOf(server);
  return failure(server, "tls-failed", reasonOf(unreached, certificate));
}

/** Returns the failure of a server that speaks TLS although its URL begins with `http:`; null if it does not. */
export async function tlsExpected(server: string): Promise<Failure | null> {
  if (!server.startsWith("http:") || await certificateOf(server) === null) return null;
  return failure(server, "wrong-scheme", {
    state: "it speaks HTTPS, not HTTP",
    hint: `Use ${server.replace("http:", "https:")}.`,
  });
}

/** A server that answered a TLS handshake with something else. */
async function withoutTls(server: string): Promise<Failure> {
  const plain = server.replace("https:", "http:");
  if (!await speaksHttp(plain)) {
    const hint = "Check the port of the address given with --server.";
    return failure(server, "tls-failed", { state: "it does not speak TLS", hint });
  }
  return failure(server, "wrong-scheme", {
    state: "it speaks HTTP, not HTTPS",
    hint: `Use ${plain}, which sends passwords and files unencrypted, or another port.`,
  });
}

async function speaksHttp(url: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(3_000);
    const response = await fetch(url, { method: "HEAD", redirect: "manual", signal });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** The certificate that the server presents; null if it presents none. */
async function certificateOf(server: string): Promise<Certificate | null> {
  const { protocol, hostname, port } = new URL(server);
  const served = await servedCertificate({
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || (protocol === "https:" ? 443 : 80)),
  });
  return typeof served === "string" ? null : served;
}

function reasonOf({ server, message, hasCa }: Unreached, certificate: Certificate | null): Reason {
  const host = new URL(server).hostname;
  const named = certificate === null ? "its certificate" : `its certificate "${certificate.name}"`;
  if (/CaUsedAsEndEntity/.test(message)) {
    return {
      state: `${named} is that of an authority (CA:TRUE), which a server cannot use for itself; ` +
        "plain openssl req -x509 makes such certificates",
      hint: howToMake(host),
    };
  }
  if (/not valid for (any )?name|NotValidForName/i.test(message)) {
    return wrongName(host, named, certificate);
  }
  if (/not valid yet|NotValidYet/i.test(message)) {
    const from = certificate ? dateText(certificate.notBefore) : "a later date";
    return { state: `${named} is not valid before ${from}`, hint: CHECK_CLOCK };
  }
  if (/expired/i.test(message)) {
    const end = certificate ? ` on ${dateText(certificate.notAfter)}` : "";
    return {
      state: `${named} expired${end}`,
      hint: `Ask the operator to renew it. ${CHECK_CLOCK}`,
    };
  }
  if (/UnknownIssuer|BadSignature|UnsupportedSignatureAlgorithm/.test(message)) {
    return unknownIssuer(named, hasCa);
  }
  return {
    state: `TLS failed (${message.replace(/^.*client error \(Connect\): /, "")})`,
    hint: "Check proxies in between, and that the server supports TLS 1.2 or 1.3.",
  };
}

const CHECK_CLOCK = "Check the clock of this machine.";

function wrongName(host: string, named: string, certificate: Certificate | null): Reason {
  const hosts = certificate?.hosts ?? [];
  if (hosts.length === 0) {
    const state =
      `${named} is for no host: it has no subjectAltName, and its common name does not count`;
    return { state, hint: howToMake(host) };
  }
  return {
    state: `${named} is for ${hosts.join(", ")}, not for ${host}`,
    hint: "Use one of these names in --server, or a certificate for the name that you use.",
  };
}

function unknownIssuer(named: string, hasCa: boolean): Reason {
  if (!hasCa) {
    return {
      state: `${named} is not trusted: it was not issued by an authority that this machine knows`,
      hint: "If it uses a private certificate authority, pass its certificate with --ca FILE.",
    };
  }
  return {
    state: `${named} is not trusted: no certificate in the file of --ca issued it`,
    hint: "Pass the certificate of the authority with --ca FILE; if that is the one, the server " +
      "does not send the certificates in between.",
  };
}

function howToMake(host: string): string {
  const kind = /^[\d.]+$|^\[/.test(host) ? "IP" : "DNS";
  const name = host.replace(/^\[|\]$/g, "");
  return "Make one for the server with openssl req -x509 -newkey rsa:2048 -nodes -days 365 " +
    `-subj "/CN=${name}" -addext "subjectAltName=${kind}:${name}" ` +
    '-addext "basicConstraints=critical,CA:FALSE" -keyout key.pem -out cert.pem, start serve with ' +
    "both files, and pass cert.pem with --ca.";
}

function failure(server: string, code: string, { state, hint }: Reason): Failure {
  return new Failure("server", code, `Cannot reach the server "${server}": ${state}`, {
    hint,
    // `unreachable` ends the run: other files would fail too.
    details: { passing: false, unreachable: true },
  });
}

/** The message of what `fetch` threw, without the URL, whose words must not be taken for a reason. */
export function reportOf(error: unknown): string {
  // Newer versions of Deno put the reason into `cause`.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause).replace(/\(https?:\/\/\S*\)/, "");
}
