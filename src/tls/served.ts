import { isIP } from "node:net";
import { connect } from "node:tls";
import { type Certificate, parseCertificate } from "./certificate.ts";

const TIMEOUT_MS = 3_000;

/**
 * Returns the certificate that a server presents; it is not verified.
 *
 * @returns `refused`: nothing listens there; `plain`: it does not speak TLS, or not in time
 */
export function servedCertificate(
  { hostname, port }: { hostname: string; port: number },
): Promise<Certificate | "refused" | "plain"> {
  return new Promise((resolve) => {
    // A server may have several certificates, by the name that it is asked for.
    const servername = isIP(hostname) === 0 ? { servername: hostname } : {};
    const options = { host: hostname, port, ...servername, rejectUnauthorized: false };
    const socket = connect(options, () => {
      const { raw } = socket.getPeerCertificate();
      done(raw ? parseCertificate(new Uint8Array(raw)) : "plain");
    });
    const timer = setTimeout(() => done("plain"), TIMEOUT_MS);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      done(/ECONNREFUSED|refused/i.test(`${error.code} ${error.message}`) ? "refused" : "plain");
    });
    function done(result: Certificate | "refused" | "plain") {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    }
  });
}
