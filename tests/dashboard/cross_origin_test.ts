import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { Platform } from "../harness/platform.ts";
import { browserTest, openBrowser } from "./browser.ts";

/** Sends a file with an unmodified tus-js-client, and shows what it read of the answers. */
const PAGE = `<!doctype html><script src="/tus.min.js"></script><output></output><script>
  const output = document.querySelector("output");
  const [server] = location.hash.slice(1).split(" ");
  let fileId = "";
  new tus.Upload(new Blob(["x".repeat(1_000_000)]), {
    endpoint: server + "/v1/uploads",
    chunkSize: 400_000,
    headers: { Authorization: "Basic " + btoa("customer-1:password-1") },
    metadata: { filename: "a.csv" },
    retryDelays: null,
    onAfterResponse: (_request, response) => {
      fileId = response.getHeader("Mysimbdp-File-Id") || fileId;
    },
    onError: (error) => output.textContent = "failed: " + error.message,
    onSuccess: () => output.textContent = "sent " + fileId,
  }).start();
</script>`;

browserTest(
  "a page of an allowed origin sends a file with tus-js-client, others cannot",
  async () => {
    const tus = await Deno.readFile(join(ROOT, "node_modules/tus-js-client/dist/tus.min.js"));
    await using pages = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      ({ url }) =>
        new Response(url.endsWith("/tus.min.js") ? tus : PAGE, {
          headers: { "Content-Type": url.endsWith(".js") ? "text/javascript" : "text/html" },
        }),
    );
    const origin = `http://localhost:${pages.addr.port}`;
    await using platform = await Platform.create(`[server]\ncors_origins = ["${origin}"]\n`);
    await platform.seedAccounts();
    const { url } = await platform.serve();
    await using browser = await openBrowser();
    const page = await browser.newPage();
    await page.goto(`${origin}/#${url}`);
    const shown = page.locator("output");
    await shown.filter({ hasText: /sent|failed/ }).waitFor();
    assert.match(await shown.textContent() ?? "", /^sent [0-9a-z]{26}$/);
    // The same page under a name that is not listed.
    await page.goto(`http://127.0.0.1:${pages.addr.port}/#${url}`);
    await shown.filter({ hasText: /sent|failed/ }).waitFor();
    assert.match(await shown.textContent() ?? "", /^failed: /);
  },
);
