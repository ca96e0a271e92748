import { X509Certificate } from "node:crypto";
import { isLoopback } from "../../base/loopback.ts";
import { type CheckContext, failed, type Finding, ok, warning } from "./finding.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const HINT = "Renew the certificate and restart serve.";

/** The certificate exists and does not expire soon. */
export async function checkTls({ config, now }: CheckContext): Promise<Finding[]> {
  const { tls_cert: path, tls_key: key, listen } = config.server;
  if (path === "") {
    if (isLoopback(listen)) {
      return [ok("tls", `no TLS on ${listen}: a proxy must provide it`)];
    }
    return [warning(
      "tls",
      `no TLS on ${listen}: passwords and files can be read on the network`,
      "Set server.tls_cert and server.tls_key, or listen on 127.0.0.1 behind a proxy.",
    )];
  }
  await Deno.readTextFile(key);
  const days = (Date.parse(new X509Certificate(await Deno.readTextFile(path)).validTo) - now) /
    DAY_MS;
  if (days < 0) return [failed("tls", "the certificate has expired", HINT)];
  const shown = `the certificate expires in ${Math.floor(days)} days`;
  return [days < SOON_DAYS ? warning("tls", shown, HINT) : ok("tls", shown)];
}
