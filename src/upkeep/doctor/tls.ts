import { X509Certificate } from "node:crypto";
import { isLoopback } from "../../base/loopback.ts";
import { failed, type Finding, ok, type Patient, warning } from "./finding.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const HINT = "Renew it and restart serve, which reads it at its start.";

/** The certificate is there and will stay valid for a while. */
export async function checkTls({ config, now }: Patient): Promise<Finding[]> {
  const { tls_cert: path, tls_key: key, listen } = config.server;
  if (path === "") {
    if (isLoopback(listen)) {
      return [ok("tls", `none, on ${listen}: a proxy in front has to have it`)];
    }
    return [warning(
      "tls",
      `none, on ${listen}: passwords and files can be read on their way`,
      "Set server.tls_cert and server.tls_key, or listen on 127.0.0.1 behind a proxy.",
    )];
  }
  await Deno.readTextFile(key);
  const days = (Date.parse(new X509Certificate(await Deno.readTextFile(path)).validTo) - now) /
    DAY_MS;
  if (days < 0) return [failed("tls", "the certificate is not valid any more", HINT)];
  const shown = `the certificate is valid for ${Math.floor(days)} days`;
  return [days < SOON_DAYS ? warning("tls", shown, HINT) : ok("tls", shown)];
}
