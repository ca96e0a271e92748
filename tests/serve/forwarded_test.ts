import assert from "node:assert/strict";
import { arrivals } from "../../src/serve/http/arrival.ts";
import { basic, fakeAccounts } from "./harness.ts";
import { withServer } from "./listening.ts";

/** Requests of a peer with these headers, and the address of the client. */
const CLIENTS: { what: string; headers: Record<string, string>; client: string }[] = [
  { what: "no header", headers: {}, client: "127.0.0.1" },
  { what: "one address", headers: { "X-Forwarded-For": "203.0.113.7" }, client: "203.0.113.7" },
  {
    what: "what the client wrote itself stands on the left",
    headers: { "X-Forwarded-For": "198.51.100.1, 10.9.9.9, 203.0.113.7" },
    client: "203.0.113.7",
  },
  {
    what: "trusted proxies behind each other",
    headers: { "X-Forwarded-For": "198.51.100.1, 203.0.113.7, 10.1.2.3,10.1.2.4" },
    client: "203.0.113.7",
  },
  {
    what: "only trusted proxies",
    headers: { "X-Forwarded-For": "10.1.2.3, 10.1.2.4" },
    client: "10.1.2.3",
  },
  {
    what: "an entry that is no address",
    headers: { "X-Forwarded-For": "203.0.113.7, evil, 10.1.2.3" },
    client: "10.1.2.3",
  },
  { what: "an empty entry", headers: { "X-Forwarded-For": "203.0.113.7, " }, client: "127.0.0.1" },
  { what: "octal digits", headers: { "X-Forwarded-For": "0177.0.0.1" }, client: "127.0.0.1" },
  {
    what: "more than any proxy writes",
    headers: { "X-Forwarded-For": `${"1.1.1.1, ".repeat(800)}203.0.113.7` },
    client: "203.0.113.7",
  },
  { what: "a port", headers: { "X-Forwarded-For": "203.0.113.7:4711" }, client: "203.0.113.7" },
  {
    what: "IPv6 in another spelling",
    headers: { "X-Forwarded-For": "2001:DB8:0::1" },
    client: "2001:db8::1",
  },
  {
    what: "IPv6 with a port",
    headers: { "X-Forwarded-For": "[2001:db8::1]:4711" },
    client: "2001:db8::1",
  },
  {
    what: "IPv4 in IPv6",
    headers: { "X-Forwarded-For": "203.0.113.7, ::ffff:10.1.2.3" },
    client: "203.0.113.7",
  },
  {
    what: "a trusted range of IPv6",
    headers: { "X-Forwarded-For": "203.0.113.7, fd00:0:0::5" },
    client: "203.0.113.7",
  },
  { what: "RFC 7239", headers: { Forwarded: "for=203.0.113.7" }, client: "203.0.113.7" },
  {
    what: "RFC 7239 with IPv6, a port and other parameters",
    headers: { Forwarded: 'for=198.51.100.1, By=_p;FOR="[2001:db8::1]:4711";proto=https' },
    client: "2001:db8::1",
  },
  {
    what: "RFC 7239 through two proxies",
    headers: { Forwarded: "for=203.0.113.7;proto=https, for=10.1.2.3;proto=http" },
    client: "203.0.113.7",
  },
  {
    what: "an unknown client",
    headers: { Forwarded: "for=203.0.113.7, for=unknown, for=10.1.2.3" },
    client: "10.1.2.3",
  },
  { what: "a hidden client", headers: { Forwarded: "for=_secret" }, client: "127.0.0.1" },
  {
    what: "a quote that the client has not closed",
    headers: { Forwarded: 'for="198.51.100.1, for=203.0.113.7' },
    client: "203.0.113.7",
  },
  {
    what: "a comma between quotes",
    headers: { Forwarded: 'for=203.0.113.7;host="a, for=198.51.100.1"' },
    client: "203.0.113.7",
  },
  {
    what: "an element that is invalid",
    headers: { Forwarded: "for=203.0.113.7;=x" },
    client: "127.0.0.1",
  },
  {
    what: "a Forwarded that the proxy passes unchanged",
    headers: { Forwarded: "for=198.51.100.1", "X-Forwarded-For": "203.0.113.7" },
    client: "203.0.113.7",
  },
];

const TRUSTED = { trusted_proxies: ["127.0.0.1", "10.0.0.0/8", "fd00::/8"] };

/** The addresses from which logins come, as the accounts see them. */
async function clientsSeen(
  settings: { trusted_proxies: string[] },
  requests: Record<string, string>[],
): Promise<string[]> {
  const seen: string[] = [];
  const accounts = fakeAccounts();
  const verify: typeof accounts.verify = (user, password, address) => {
    seen.push(address);
    return accounts.verify(user, password, address);
  };
  await withServer(async ({ url }) => {
    for (const headers of requests) {
      const Authorization = basic("customer-1", "secret");
      const response = await fetch(`${url}/v1/constraints`, {
        headers: { ...headers, Authorization },
      });
      assert.equal(response.status, 200);
      await response.body?.cancel();
    }
  }, { app: { accounts: { ...accounts, verify } }, server: { arrival: arrivals(settings) } });
  return seen;
}

Deno.test("the client is the rightmost address that no trusted proxy has", async () => {
  const seen = await clientsSeen(TRUSTED, CLIENTS.map(({ headers }) => headers));
  assert.deepEqual(
    CLIENTS.map(({ what }, at) => `${what}: ${seen[at]}`),
    CLIENTS.map(({ what, client }) => `${what}: ${client}`),
  );
});

Deno.test("a proxy that is not trusted cannot name a client", async () => {
  for (const trusted_proxies of [[], ["10.0.0.0/8", "::1"]]) {
    const seen = await clientsSeen({ trusted_proxies }, CLIENTS.map(({ headers }) => headers));
    assert.deepEqual([...new Set(seen)], ["127.0.0.1"]);
  }
});

/** The origin that a request reached. */
function originOf(headers: Record<string, string>, trusted_proxies = ["127.0.0.1"]): string {
  const request = new Request("http://10.0.0.5:8080/v1/files", { headers });
  return arrivals({ trusted_proxies })(request, "::ffff:127.0.0.1").origin;
}

Deno.test("scheme and host are those of the outermost trusted proxy", () => {
  const https = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "Intake.example.com" };
  assert.equal(originOf(https), "https://intake.example.com");
  assert.equal(originOf(https, ["10.0.0.1"]), "http://10.0.0.5:8080");
  assert.equal(originOf({ "X-Forwarded-Proto": "https" }), "https://10.0.0.5:8080");
  assert.equal(
    originOf({ Forwarded: 'for=203.0.113.7;proto=https;host="intake.example.com:8443"' }),
    "https://intake.example.com:8443",
  );
  assert.equal(
    originOf({
      "X-Forwarded-For": "198.51.100.1, 203.0.113.7, 127.0.0.1",
      "X-Forwarded-Proto": "ftp, https, http",
      "X-Forwarded-Host": "evil.example, intake.example.com, backend",
    }),
    "https://intake.example.com",
  );
  for (const host of ["a/b", "a@b", "a b", "[::1", "a:99999999", "", "a?b", "a#b", "a\\b"]) {
    const headers = { "X-Forwarded-Proto": "javascript", "X-Forwarded-Host": host };
    assert.equal(originOf(headers), "http://10.0.0.5:8080", host);
  }
});

Deno.test("a proxy of the own network that is not trusted is reported once", () => {
  const events: unknown[] = [];
  const arrival = arrivals({ trusted_proxies: ["10.1.2.3"] }, (event) => events.push(event));
  const ask = (peer: string, headers: Record<string, string>) =>
    arrival(new Request("http://intake.example.com/", { headers }), peer);
  ask("10.1.2.4", {});
  ask("10.1.2.3", { "X-Forwarded-For": "203.0.113.7" });
  // Anybody can send this from the internet.
  ask("203.0.113.7", { "X-Forwarded-For": "10.1.2.4" });
  assert.deepEqual(events, []);
  for (const name of ["X-Forwarded-Proto", "Forwarded"]) ask("::ffff:10.1.2.4", { [name]: "x" });
  assert.deepEqual(events, [{ kind: "proxy.untrusted", address: "10.1.2.4" }]);
});
