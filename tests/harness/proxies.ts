import { join } from "node:path";
import { ROOT } from "./binary.ts";
import { Certificates, EC } from "./certificates.ts";
import { Platform } from "./platform.ts";
import { Running } from "./process.ts";
import { until } from "./until.ts";

/** The proxies for which docs/proxies has a configuration. */
export const PROXIES = ["nginx", "haproxy", "caddy"] as const;
export type ProxyName = (typeof PROXIES)[number];

/** A platform that can only be reached through a proxy, under a path. */
export interface Proxied extends AsyncDisposable {
  platform: Platform;
  /** The URL for clients, without a slash at its end: `https://localhost:4711/intake`. */
  url: string;
  port: number;
  /** The path of the certificate to trust, and its text. */
  ca: string;
  certificate: string;
  serve: Running;
  /** The password of the operator `admin`. */
  password: string;
}

/** Starts `serve` and a proxy in front of it, with the configurations of docs/proxies. */
export async function openProxied(name: ProxyName): Promise<Proxied> {
  const port = freePort();
  const platform = await Platform.create(onThisMachine("mysimbdp.toml", { port }));
  try {
    await platform.seedAccounts();
    await Deno.remove(join(platform.data, "admins.json"));
    const { password } = JSON.parse(await platform.must("manage", "init", "--json"));
    const server = await platform.serve();
    const dir = await platform.scratch();
    const certificate = await makeCertificate(dir);
    const text = onThisMachine(FILES[name], { port, dir, serve: new URL(server.url).port });
    const { program, args } = await commandOf(name, dir, text);
    const env = { XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir };
    const proxy = platform.own(new Running(args, { env }, program));
    await until(`${name} listens on ${port}`, async () => {
      if (proxy.hasEnded) throw new Error(`${name} ended:\n${proxy.transcript()}`);
      const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
      connection?.close();
      return connection !== null;
    });
    return {
      platform,
      url: `https://localhost:${port}/intake`,
      port,
      ca: join(dir, "chain.pem"),
      certificate,
      serve: server.process,
      password,
      [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
    };
  } catch (error) {
    await platform[Symbol.asyncDispose]();
    throw error;
  }
}

const FILES: Record<ProxyName, string> = {
  nginx: "nginx.conf",
  haproxy: "haproxy.cfg",
  caddy: "Caddyfile",
};

/** A configuration of docs/proxies with the names, ports and paths of this test. */
function onThisMachine(
  file: string,
  { port, dir = "", serve = "0" }: { port: number; dir?: string; serve?: string },
): string {
  return Deno.readTextFileSync(join(ROOT, "docs/proxies", file))
    .replace("https://intake.example.com/", `https://localhost:${port}/`)
    .replaceAll("intake.example.com", "localhost")
    .replace(/(listen |bind :|localhost:)443\b/, `$1${port}`)
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${serve}`)
    .replace("localhost:2019", () => `localhost:${freePort()}`)
    .replaceAll("/etc/ssl/intake", dir);
}

/** Writes the configuration into a folder. Each proxy is one process, so that none is left behind. */
async function commandOf(
  name: ProxyName,
  dir: string,
  text: string,
): Promise<{ program: string; args: string[] }> {
  const path = join(dir, FILES[name]);
  await Deno.writeTextFile(path, text);
  if (name === "haproxy") return { program: "/usr/sbin/haproxy", args: ["-db", "-f", path] };
  if (name === "caddy") {
    const args = ["run", "--config", path, "--adapter", "caddyfile"];
    return { program: "/usr/bin/caddy", args };
  }
  const main = join(dir, "main.conf");
  await Deno.writeTextFile(main, `${NGINX_MAIN.replaceAll("DIR", dir)}`);
  return { program: "/usr/sbin/nginx", args: ["-e", "stderr", "-p", dir, "-c", main] };
}

/** What Debian has in /etc/nginx/nginx.conf, for a test. */
const NGINX_MAIN = `
daemon off;
master_process off;
pid DIR/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path DIR/body;
  proxy_temp_path DIR/proxy;
  fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi;
  scgi_temp_path DIR/scgi;
  include DIR/nginx.conf;
}
`;

/** Makes a certificate for `localhost`, which clients trust as their own authority. */
async function makeCertificate(dir: string): Promise<string> {
  const made = new Certificates(dir);
  const extensions = ["subjectAltName=DNS:localhost", "basicConstraints=CA:FALSE"];
  await made.make("localhost", { key: EC, extensions });
  const certificate = made.text("localhost.pem");
  const key = made.text("localhost.key");
  await made.put("chain.pem", certificate);
  await made.put("key.pem", key);
  await made.put("chain-and-key.pem", certificate + key);
  return certificate;
}

/** Returns a free port that the system does not give to connections meanwhile. */
function freePort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      Deno.listen({ hostname: "0.0.0.0", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
