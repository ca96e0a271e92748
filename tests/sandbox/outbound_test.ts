import assert from "node:assert/strict";
import { isPublic, Outbound, type OutboundOptions } from "../../src/sandbox/host/outbound.ts";
import type { HttpRequest } from "../../src/sandbox/wire/host_messages.ts";

const OPTIONS: OutboundOptions = {
  hosts: ["*"],
  whyNot: "the platform does not allow this host (modules.net_hosts)",
  privateHosts: [],
  seconds: 5,
  maxBytes: 1024,
  maxRequests: 10,
};

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => {
  return { url, method: "GET", headers: {}, body: null, ...more };
};

/** A server on loopback, and a client that may reach it under a name that no resolver knows. */
async function withServer(
  handler: (request: Request) => Response | Promise<Response>,
  test: (base: string, options: OutboundOptions) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const base = `http://intranet.test:${server.addr.port}`;
  const resolve = () => Promise.resolve(["127.0.0.1"]);
  try {
    await test(base, { ...OPTIONS, privateHosts: ["intranet.test"], resolve });
  } finally {
    await server.shutdown();
  }
}

const errorOf = (result: object) => (result as { error?: string }).error ?? "none";

Deno.test("addresses that are not public are recognised in every notation", () => {
  for (
    const address of [
      ...[
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
      ],
      ...["100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::"],
      ...["fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1"],
      ...[
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "::ffff:0:7f00:1",
        "4000::1",
        "feff::1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
        "2001:db8::1",
      ],
      ...["", "localhost", "127.1", "0x7f000001"],
    ]
  ) assert.equal(isPublic(address), false, address);
  for (const address of ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]) {
    assert.equal(isPublic(address), true, address);
  }
});

Deno.test("private addresses are never reached, whatever the name or notation", async () => {
  let asked = 0;
  await withServer(() => {
    asked++;
    return new Response("secret");
  }, async (base) => {
    const { port } = new URL(base);
    const private4 = { ...OPTIONS, resolve: () => Promise.resolve(["127.0.0.1"]) };
    const mixed = { ...OPTIONS, resolve: () => Promise.resolve(["8.8.8.8", "127.0.0.1"]) };
    for (
      const [url, options] of [
        [`http://127.0.0.1:${port}/`, OPTIONS],
        [`http://2130706433:${port}/`, OPTIONS],
        [`http://0x7f.1:${port}/`, OPTIONS],
        [`http://[::ffff:127.0.0.1]:${port}/`, OPTIONS],
        [`http://localhost:${port}/`, OPTIONS],
        [`http://rebind.test:${port}/`, private4],
        [`http://rebind.test:${port}/`, mixed],
      ] as const
    ) {
      const result = await new Outbound(options).request(get(url), ["*"]);
      assert.match(errorOf(result), /no public address/, url);
    }
  });
  assert.equal(asked, 0);
});

Deno.test("the connection goes to the checked address, and the request keeps the name", async () => {
  await withServer(
    (request) => new Response(`${request.headers.get("host")} ${request.headers.get("x-a")}`),
    async (base, options) => {
      let resolved = 0;
      const resolve = () => {
        resolved++;
        // A second lookup would lead elsewhere.
        return Promise.resolve([resolved === 1 ? "127.0.0.1" : "192.0.2.1"]);
      };
      const outgoing = get(`${base}/x`, { headers: { "X-A": "1", Host: "evil.test" } });
      const result = await new Outbound({ ...options, resolve }).request(outgoing, [
        "intranet.test",
      ]);
      assert.deepEqual({ ...result, headers: {} }, {
        status: 200,
        headers: {},
        text: `${new URL(base).host} 1`,
      });
      assert.equal(resolved, 1);
    },
  );
});

Deno.test("redirects are returned, not followed", async () => {
  const paths: string[] = [];
  await withServer((request) => {
    paths.push(new URL(request.url).pathname);
    return new Response(null, { status: 302, headers: { location: "http://127.0.0.1/admin" } });
  }, async (base, options) => {
    const result = await new Outbound(options).request(get(`${base}/a`), ["intranet.test"]);
    assert.deepEqual(result, {
      status: 302,
      headers: { location: "http://127.0.0.1/admin" },
      text: "",
    });
  });
  assert.deepEqual(paths, ["/a"]);
});

Deno.test("refuses hosts that tenant.json or the operator do not allow, user names and other schemes", async () => {
  await withServer(() => new Response("x"), async (base, options) => {
    const { port } = new URL(base);
    const ask = (url: string, declared: string[], more: Partial<OutboundOptions> = {}) =>
      new Outbound({ ...options, ...more }).request(get(url), declared).then(errorOf);
    assert.equal(await ask(base, [`intranet.test:${port}`]), "none");
    assert.match(await ask(base, ["other.test"]), /tenant\.json/);
    assert.match(await ask(base, ["intranet.test:1"]), /tenant\.json/);
    assert.match(await ask("http://intranet.test/", ["intranet.test:443"]), /tenant\.json/);
    assert.match(await ask(base, ["intranet.test"], { hosts: [] }), /modules\.net_hosts/);
    assert.match(await ask(`http://u:p@intranet.test:${port}/`, ["*"]), /without a user name/);
    assert.match(await ask("file:///etc/passwd", ["*"]), /must use http/);
    assert.match(await ask("nonsense", ["*"]), /must use http/);
  });
});

Deno.test("enforces the limits on size, time and number of requests", async () => {
  const hold = Promise.withResolvers<Response>();
  await withServer(
    (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/slow") return hold.promise;
      return new Response("x".repeat(pathname === "/large" ? 1025 : 1024));
    },
    async (base, options) => {
      const client = new Outbound({ ...options, seconds: 0.5, maxRequests: 4 });
      const ask = (path: string) => client.request(get(base + path), ["*"]).then(errorOf);
      assert.equal(await ask("/small"), "none");
      assert.match(await ask("/large"), /more than 1 KB/);
      assert.match(await ask("/slow"), /longer than 0\.5 seconds/);
      const lost = new Outbound({ ...options, seconds: 0.2, resolve: () => new Promise(() => {}) });
      assert.match(errorOf(await lost.request(get(base), ["*"])), /longer than 0\.2 seconds/);
      hold.resolve(new Response(""));
      assert.equal(await ask("/small"), "none");
      assert.match(await ask("/small"), /more than 4 requests/);
    },
  );
});
