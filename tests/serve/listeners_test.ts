import assert from "node:assert/strict";
import { Listeners } from "../../src/serve/listeners.ts";
import { servedCertificate } from "../../src/tls/served.ts";
import { TempDir } from "../fetch/setup.ts";
import { Certificates, EC, hasOpenssl } from "../harness/certificates.ts";
import { pause } from "../harness/until.ts";

Deno.test({
  name: "renewals while earlier listeners close: each new certificate is the one that is served",
  ignore: !hasOpenssl || Deno.build.os !== "linux",
  async fn() {
    await using dir = new TempDir();
    const certificates = new Certificates(dir.path);
    const names = ["one", "two", "three"];
    for (const name of names) await certificates.make(name, { key: EC });
    const pairOf = (name: string) => ({
      cert: certificates.text(`${name}.pem`),
      key: certificates.text(`${name}.key`),
    });
    const listeners = await Listeners.open({
      hostname: "127.0.0.1",
      port: 0,
      tls: pairOf("one"),
      handler: () => new Response("ok"),
      retireMs: 200,
    });
    const { port } = listeners.addr;
    const served: string[] = [];
    const renewed: string[] = [];
    for (let count = 1; count <= 40; count++) {
      const name = names[count % names.length]!;
      await listeners.renew(pairOf(name));
      const certificate = await servedCertificate({ hostname: "127.0.0.1", port });
      renewed.push(name);
      served.push(typeof certificate === "string" ? certificate : certificate.name);
      await pause(count * 7 % 60);
    }
    await listeners.shutdown();
    assert.deepEqual(served, renewed);
  },
});
