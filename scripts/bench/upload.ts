import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { inTurns, type Line, lineOf } from "./line.ts";
import { PASSWORD, Platform, TENANT } from "./platform.ts";
import { Beside, needs, settle, timed, tool } from "./processes.ts";
import { stamp, writeNoise } from "./rows.ts";

const BARE_SERVER = join(import.meta.dirname ?? ".", "peers/bare_server.ts");

/** Measures a large file by `fetch` to `serve`, against curl to a server that only writes it. */
export async function measureUpload(bench: Bench): Promise<Line[]> {
  const curl = await needs("curl");
  const dir = join(bench.folder, "upload-dir");
  let path = join(dir, "large.csv");
  const size = bench.megabytes * 1e6;
  await Deno.mkdir(dir);
  await writeNoise(path, size);
  let sends = 0;
  const platform = await Platform.make(bench, "upload");
  const written = join(bench.folder, "upload-written");
  const deno = tool(Deno.execPath());
  await using serve = platform.serve();
  await using bare = new Beside(deno, ["run", "--quiet", "-A", BARE_SERVER, written]);
  const [server, bareServer] = [await serve.address(), await bare.address()];

  const side =
    (name: string, send: () => Promise<number>, clear: () => Promise<void>) =>
    async (round: number) => {
      await stamp(path);
      // A new file each time, because fetch first asks the server by hash for a file whose name and
      // size the server knows.
      const next = join(dir, `large-${++sends}.csv`);
      await Deno.rename(path, next);
      path = next;
      await settle();
      const rate = bench.megabytes / await send();
      await clear();
      bench.say(`upload ${round + 1}: ${name} ${rate.toFixed(0)} MB/s`);
      return rate;
    };
  const clearStaging = () => platform.clearStaging();
  const ours = side("fetch", async () => {
    return (await timed(bench.program, platform.fetchArguments(server, dir))).seconds;
  }, clearStaging);
  const peer = side("curl -T, bare", async () => {
    return (await timed(curl, ["-sSf", "-T", path, `${bareServer}/large`])).seconds;
  }, () => Deno.remove(written));
  const tus = side("curl, tus", async () => {
    const upload = await createUpload(server, size);
    return (await timed(curl, patchArguments(path, upload))).seconds;
  }, clearStaging);

  const results = await inTurns(bench.rounds, { ours, peer, tus });
  await Deno.remove(path);
  return [
    lineOf("upload", {
      unit: "MB/s",
      ours: results.ours,
      peer: results.peer,
      target: { is: "at least", value: 0.6 },
      note: `${bench.megabytes} MB, whole \`fetch\` process with its hashing, hashed and fsynced ` +
        "by the server; peer: curl -T to a bare Hono handler that writes to disk, no hash, no fsync",
    }),
    lineOf("upload (curl, tus)", {
      unit: "MB/s",
      ours: results.tus,
      peer: results.peer,
      note: "curl to our server, one PATCH, against the same peer",
    }),
  ];
}

/** Creates an upload by tus 1.0.0. @returns its URL */
async function createUpload(server: string, size: number): Promise<string> {
  const response = await fetch(`${server}/v1/uploads`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`${TENANT}:${PASSWORD}`)}`,
      "tus-resumable": "1.0.0",
      "upload-length": String(size),
      "upload-metadata": `filename ${btoa("curl.csv")}`,
    },
  });
  const text = await response.text();
  const location = response.headers.get("location");
  if (response.status !== 201 || location === null) throw new Error(`no upload: ${text}`);
  return new URL(location, server).href;
}

function patchArguments(path: string, upload: string): string[] {
  const headers = ["Tus-Resumable: 1.0.0", "Upload-Offset: 0"]
    .concat("Content-Type: application/offset+octet-stream");
  return [
    ...["-sSf", "-X", "PATCH", "-u", `${TENANT}:${PASSWORD}`, "-T", path],
    ...headers.flatMap((header) => ["-H", header]),
    upload,
  ];
}
