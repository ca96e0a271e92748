import { parseHost } from "../../base/host.ts";
import { Failure } from "../../base/failure.ts";
import { PATHS } from "../../protocol/paths.ts";
import type { AppMiddleware } from "./env.ts";
import { badRequest } from "./problem_response.ts";

/** What answers for every host: load balancers ask by address. */
export const FOR_ANY_HOST: ReadonlySet<string> = new Set([PATHS.live, PATHS.ready]);

/**
 * Refuses requests for other hosts with 421 (RFC 9110), so that no page can reach the server under
 * a name of its own (DNS rebinding), and requests without a valid host with 400 (RFC 9112). Without
 * hosts all valid ones are answered.
 *
 * @param hosts as in `server.hosts`: a host without a port stands for all its ports
 */
export function limitHosts(hosts: readonly string[]): AppMiddleware {
  const allowed = new Set(hosts.map((text) => {
    const { name, port } = parseHost(text) ?? { name: text, port: null };
    return port === null ? name : `${name}:${port}`;
  }));
  return async (c, next) => {
    const host = c.env?.host;
    if (host === null) throw badRequest("Cannot use the Host of the request: it is not a host");
    if (allowed.size > 0 && host !== undefined && !FOR_ANY_HOST.has(c.req.path)) {
      if (!allowed.has(host) && !allowed.has(host.replace(/:\d+$/, ""))) throw wrongHost(host);
    }
    await next();
  };
}

function wrongHost(host: string): Failure {
  const text = `Cannot answer for the host "${host.slice(0, 100)}": it is not in server.hosts`;
  return new Failure("refused", "wrong-host", text, {
    hint: "Use the address of the server that its operator has named.",
  });
}
