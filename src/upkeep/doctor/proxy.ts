import { parseHost } from "../../base/host.ts";
import { type CheckContext, type Finding, list, ok, warning } from "./finding.ts";

/** Proxies in front of `serve`: each is trusted, and their requests are for a host that is answered. */
export function checkProxy({ config }: CheckContext): Promise<Finding[]> {
  const { public_url, trusted_proxies, hosts } = config.server;
  const findings: Finding[] = [];
  if (trusted_proxies.length > 0) findings.push(ok("proxy", `trusted: ${list(trusted_proxies)}`));
  else if (public_url !== "") {
    const state = "no proxy is trusted: throttling and logs do not see the addresses of clients";
    findings.push(warning("proxy", state, "Set server.trusted_proxies to its addresses."));
  }
  const name = public_url === "" ? null : new URL(public_url).hostname;
  const answered = hosts.map((host) => parseHost(host)?.name);
  if (name !== null && hosts.length > 0 && !answered.includes(name)) {
    const state = `requests for ${name} are refused: it is not in server.hosts`;
    findings.push(warning("proxy", state, "Add the host of server.public_url to server.hosts."));
  }
  return Promise.resolve(findings);
}
