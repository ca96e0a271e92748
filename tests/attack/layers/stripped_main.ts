/**
 * A program for tests only: our sandbox without its inner layers. With the argument `worker` it is our
 * own child process with a Worker that has no compartment; with `process` it has no Worker either, and
 * all permissions of the runtime.
 *
 * @module
 */
import { FRAME, FrameWriter, NONCE_BYTES, readFrames } from "../../../src/sandbox/wire/frames.ts";

if (Deno.args[0] === "worker") {
  const { runChild } = await import("../../../src/sandbox/child/child.ts");
  await runChild();
} else if (Deno.args[0] === "process") await evaluateHere();

async function evaluateHere(): Promise<void> {
  const nonce = new Uint8Array(NONCE_BYTES);
  for (let at = 0; at < NONCE_BYTES;) {
    at += await Deno.stdin.read(nonce.subarray(at)) ?? NONCE_BYTES;
  }
  const frames = readFrames(Deno.stdin.readable, nonce);
  const { value } = await frames.next();
  const { script } = JSON.parse(new TextDecoder().decode(value?.payload));
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
  await new FrameWriter(Deno.stdout.writable, nonce)
    .writeJson(FRAME.reply, { type: "described", declaration });
  Deno.exit(0);
}
