import { Failure, messageOf } from "../../base/failure.ts";
import { isLoopback } from "../../base/loopback.ts";
import { parseListen } from "../../config/listen.ts";
import type { Config } from "../../config/schema.ts";
import { type Certificate, dateText, isSame } from "../../tls/certificate.ts";
import { readTlsPair } from "../../tls/pair.ts";
import { servedCertificate } from "../../tls/served.ts";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const RENEW = "Renew the certificate, then run systemctl reload mysimbdp-serve (SIGHUP).";
const ISSUE = "Use one with a subjectAltName and without CA:TRUE.";
const RELOAD = "Run systemctl reload mysimbdp-serve, or send SIGHUP to serve; if that changes " +
  "nothing, its log says why.";

/** The certificate that is served is the one in the file, and does not expire soon. */
export async function checkTls({ config, now }: CheckContext): Promise<Finding[]> {
  return [...await checkOwn(config, now), ...await checkProxy(config, now)];
}

/** The certificate of the proxy in front, if it can be reached from this machine. */
async function checkProxy({ server }: Config, now: number): Promise<Finding[]> {
  const url = URL.canParse(server.public_url) ? new URL(server.public_url) : null;
  if (url?.protocol !== "https:") return [];
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const served = await servedCertificate({ hostname, port: Number(url.port || 443) });
  return typeof served === "string"
    ? []
    : [validity(`the certificate at ${url.host}`, served, now)];
}

async function checkOwn(config: Config, now: number): Promise<Finding[]> {
  const { tls_cert: path, listen } = config.server;
  const served = await servedAt(listen);
  if (typeof served === "object") {
    const stored = path === "" ? [] : await checkStored(config, served, now);
    return [validity("the served certificate", served, now), ...stored];
  }
  if (path === "") return [withoutTls(listen)];
  const { certificate } = await readTlsPair(config.server);
  const found = validity(`the certificate in ${path}`, certificate, now);
  if (served === "refused") {
    return [{ ...found, what: `${found.what}; serve does not run on ${listen}` }];
  }
  const plain = `no TLS on ${listen}, although server.tls_cert is set`;
  return [failed("tls", plain, "Restart serve."), found];
}

/** What listens at the address of `serve`, seen from this machine. */
async function servedAt(listen: string): Promise<Certificate | "refused" | "plain"> {
  const address = parseListen(listen);
  if (address === null || address.port === 0) return "refused";
  const own: Record<string, string> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  const { hostname, port } = address;
  return await servedCertificate({ hostname: own[hostname] ?? hostname, port });
}

function withoutTls(listen: string): Finding {
  if (isLoopback(listen)) return ok("tls", `no TLS on ${listen}: a proxy must provide it`);
  return warning(
    "tls",
    `no TLS on ${listen}: passwords and files can be read on the network`,
    "Set server.tls_cert and server.tls_key, or listen on 127.0.0.1 behind a proxy.",
  );
}

/** Compares the files with what is served. */
async function checkStored(config: Config, served: Certificate, now: number): Promise<Finding[]> {
  try {
    const { certificate } = await readTlsPair(config.server);
    if (isSame(certificate, served)) return [];
    const text = `the certificate in ${config.server.tls_cert} is not the one that is served`;
    if (certificate.notAfter <= served.notAfter) return [warning("tls", text, RELOAD)];
    const renewed = `the renewed certificate is not loaded: ${text}`;
    return [
      now > served.notAfter ? failed("tls", renewed, RELOAD) : warning("tls", renewed, RELOAD),
    ];
  } catch (error) {
    const hint = error instanceof Failure ? error.hint : undefined;
    const text = `serve cannot load its certificate again: ${messageOf(error)}`;
    return [failed("tls", text, hint ?? "Check the files of the certificate.")];
  }
}

function validity(what: string, certificate: Certificate, now: number): Finding {
  const { name, notBefore, notAfter } = certificate;
  const named = `${what}, "${name}",`;
  if (now > notAfter) return failed("tls", `${named} expired on ${dateText(notAfter)}`, RENEW);
  if (now < notBefore) {
    const text = `${named} is not valid before ${dateText(notBefore)}`;
    return failed("tls", text, "Check the clock, or use a certificate that is valid now.");
  }
  const fault = unusableBecause(certificate);
  if (fault !== null) {
    return warning("tls", `${named} ${fault}: mysimbdp fetch and most programs refuse it`, ISSUE);
  }
  const text = `${named} expires in ${Math.floor((notAfter - now) / DAY_MS)} days`;
  return (notAfter - now) / DAY_MS < SOON_DAYS ? warning("tls", text, RENEW) : ok("tls", text);
}

/** Why clients refuse a certificate of a server, although it is valid; null if they do not. */
function unusableBecause({ isAuthority, hosts }: Certificate): string | null {
  if (isAuthority) return "is that of an authority (CA:TRUE)";
  return hosts.length === 0 ? "names no host (subjectAltName)" : null;
}
