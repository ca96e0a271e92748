import { readFileSync } from "node:fs";
import { Failure } from "../../base/failure.ts";

/** How the cluster is reached: the storage URL without its user. */
export interface ConnectionSettings {
  /** Each with its port. */
  contactPoints: readonly string[];
  datacenter: string;
  /** PEM texts, the name in certificates, whether they are checked; null for plain connections. */
  tls: { ca?: string; cert?: string; key?: string; name?: string; verify: boolean } | null;
}

/** The parts of a storage URL. */
export interface CassandraSettings {
  connection: ConnectionSettings;
  user: string;
  password: string;
  /** The prefix of all keyspaces and roles, for several installations in one cluster. */
  namespace: string;
  /** Replicas in each datacenter; null: depends on the size of the cluster. */
  replication: Record<string, number> | null;
}

const DEFAULT_PORT = 9042;
const TLS_FILES = ["ca", "cert", "key"] as const;
const PARAMETERS = ["datacenter", "tls", ...TLS_FILES, "tls_name", "verify", "namespace"] as const;
type Parameter = typeof PARAMETERS[number];
/** The names of keyspaces and roles without a namespace start with these and "_". */
const PREFIXES = ["t", "r"];
const NAMESPACE = /^[a-z][a-z0-9]{0,11}$/;

/**
 * Parses `cassandra://user:password@h1,h2:9042?datacenter=dc1`. More parameters: `tls=true` with `ca`,
 * `cert` and `key` (PEM files), `tls_name` and `verify=false`, and `namespace`.
 *
 * @param replication the setting `storage.replication`, such as `dc1:3,dc2:3`; "" for the default
 * @throws {Failure} `bad-storage-url`; it never quotes the URL, which contains a password
 * @example
 * ```ts
 * import { parseStorageUrl } from "./settings.ts";
 * parseStorageUrl("cassandra://me:secret@h1,h2:9043?datacenter=dc1", "").connection.contactPoints;
 * // ["h1:9043", "h2:9043"]
 * ```
 */
export function parseStorageUrl(url: string, replication: string): CassandraSettings {
  const parts = /^cassandra:\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/?(?:\?([^#]*))?$/.exec(url);
  if (!parts) throw badUrl("it does not have the expected form");
  const [, login = "", hosts = "", query = ""] = parts;
  const colon = login.indexOf(":");
  if (colon < 1) throw badUrl("it has no user and password");
  const given = parametersOf(query);
  const datacenter = given.get("datacenter");
  if (!datacenter) throw badUrl("it has no datacenter");
  const namespace = given.get("namespace") ?? "";
  if (namespace !== "" && !NAMESPACE.test(namespace)) {
    throw badUrl("its namespace must have 1 to 12 of a-z and 0-9, and start with a letter");
  }
  if (PREFIXES.includes(namespace)) {
    throw badUrl(
      `its namespace cannot be ${namespace}, with which names of keyspaces and roles begin`,
    );
  }
  return {
    connection: { contactPoints: contactPoints(hosts), datacenter, tls: tlsOf(given) },
    user: decoded(login.slice(0, colon)),
    password: decoded(login.slice(colon + 1)),
    namespace,
    replication: replicationOf(replication),
  };
}

function parametersOf(query: string): Map<Parameter, string> {
  const given = new Map<Parameter, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const known = PARAMETERS.find((each) => each === name);
    if (!known) {
      throw badUrl(`unknown parameter "${name}"; allowed are ${PARAMETERS.join(", ")}`);
    }
    given.set(known, value);
  }
  return given;
}

/** The port of the last host applies to all hosts without a port. */
function contactPoints(hosts: string): string[] {
  const parts = hosts.split(",").map((host) => {
    const [, name, port] = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
    if (name === undefined) throw badUrl("one of its hosts is not valid");
    return { name, port };
  });
  const common = parts.at(-1)?.port ?? DEFAULT_PORT;
  return parts.map(({ name, port }) => `${name}:${port ?? common}`);
}

function tlsOf(given: Map<Parameter, string>): ConnectionSettings["tls"] {
  const files = TLS_FILES.flatMap((name) => {
    const path = given.get(name);
    return path === undefined ? [] : [[name, readPem(name, path)] as const];
  });
  const tls = flag(given, "tls") ?? files.length > 0;
  if (!tls && files.length > 0) throw badUrl("it has files for TLS, but also tls=false");
  if (!tls) return null;
  const name = given.get("tls_name");
  return {
    ...Object.fromEntries(files),
    ...(name && { name }),
    verify: flag(given, "verify") ?? true,
  };
}

function flag(given: Map<Parameter, string>, name: Parameter): boolean | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  if (value !== "true" && value !== "false") throw badUrl(`"${name}" must be true or false`);
  return value === "true";
}

function readPem(name: string, path: string): string {
  try {
    // A byte order mark would hide the first certificate.
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    throw new Failure("usage", "bad-storage-url", `Cannot read the TLS file "${path}" (${name})`, {
      hint: "Check the path and its permissions.",
      cause,
    });
  }
}

function replicationOf(text: string): Record<string, number> | null {
  if (text === "") return null;
  const pairs = text.split(",").map((part) => {
    const [, name, count] = /^\s*([A-Za-z0-9_.-]+):([1-9]\d?)\s*$/.exec(part) ?? [];
    if (name === undefined) {
      throw new Failure(
        "usage",
        "bad-config",
        `Cannot use the setting "storage.replication": "${text}" does not have the expected form`,
        { hint: 'Write replicas by datacenter, such as "dc1:3" or "dc1:3,dc2:3".' },
      );
    }
    return [name, Number(count)] as const;
  });
  return Object.fromEntries(pairs);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badUrl("its user or password is not percent-encoded");
  }
}

function badUrl(reason: string): Failure {
  return new Failure("usage", "bad-storage-url", `Cannot use the storage URL: ${reason}`, {
    hint: "Write cassandra://user:password@h1,h2:9042?datacenter=dc1, each part percent-encoded.",
  });
}
