/**
 * A program for tests only: our sandbox without its inner layers. With the argument `worker` it is our
 * own child process with a Worker that has no compartment; with `permitted` this Worker has all
 * permissions of the runtime; with `process` there is no Worker, and the main thread has them. Only
 * with `kernel` as the second argument does the process set the kernel layers on itself.
 *
 * @module
 */
import { KernelLayers } from "../../../src/sandbox/kernel/kernel_layers.ts";
import { FRAME, FrameWriter, NONCE_BYTES, readFrames } from "../../../src/sandbox/wire/frames.ts";

if (Deno.args[0] === "process") await evaluateHere();
else {
  const { runChild } = await import("../../../src/sandbox/child/child.ts");
  await runChild();
}

async function evaluateHere(): Promise<void> {
  // Threads that read files exist before the layers, which must bind them too.
  await Promise.allSettled(["/", "/", "/", "/"].map((path) => Deno.stat(path)));
  const kernel = KernelLayers.open();
  kernel.beforeWorker();
  const nonce = new Uint8Array(NONCE_BYTES);
  for (let at = 0; at < NONCE_BYTES;) {
    at += await Deno.stdin.read(nonce.subarray(at)) ?? NONCE_BYTES;
  }
  const frames = readFrames(Deno.stdin.readable, nonce);
  const out = new FrameWriter(Deno.stdout.writable, nonce);
  const next = async () =>
    JSON.parse(new TextDecoder().decode((await frames.next()).value?.payload));
  await next();
  await out.writeJson(FRAME.reply, { type: "prepared" });
  const { dataBytes } = await next();
  await out.writeJson(FRAME.reply, { type: "locked", layers: kernel.afterWorker(dataBytes) });
  const { script } = await next();
  const AsyncFunction = (async () => {}).constructor as new (
    code: string,
  ) => () => Promise<unknown>;
  let declaration: unknown;
  try {
    declaration = { got: await new AsyncFunction(script)() ?? null };
  } catch (error) {
    const { name, message } = error as Error;
    declaration = { refused: `${name}: ${message}` };
  }
  await out.writeJson(FRAME.reply, { type: "described", declaration });
  Deno.exit(0);
}
