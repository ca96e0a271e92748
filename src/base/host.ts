/** A host as a URL names it. */
export interface Host {
  /** In lower case without a dot at its end; IPv6 in brackets and compressed. */
  name: string;
  /** Null if the text names none. */
  port: number | null;
}

/**
 * Parses `HOST` or `HOST:PORT`, as in the `Host` header.
 *
 * @returns null if the text is invalid
 *
 * @example
 * ```ts
 * import { parseHost } from "./host.ts";
 * parseHost("Intake.example.com:8443"); // { name: "intake.example.com", port: 8443 }
 * ```
 */
export function parseHost(text: string): Host | null {
  const [, spelled = "", port] =
    /^([a-z0-9][a-z0-9._-]{0,252}|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const url = `http://${spelled.replace(/\.$/, "")}`;
  if (!URL.canParse(url) || Number(port ?? 0) > 65_535) return null;
  return { name: new URL(url).hostname, port: port === undefined ? null : Number(port) };
}
