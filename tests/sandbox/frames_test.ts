import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../src/base/failure.ts";
import {
  FRAME,
  type FrameKind,
  FrameWriter,
  NONCE_BYTES,
  readFrames,
} from "../../src/sandbox/wire/frames.ts";

const NONCE = new Uint8Array(NONCE_BYTES).fill(7);

function collector() {
  const parts: Uint8Array[] = [];
  const stream = new WritableStream<Uint8Array<ArrayBuffer>>({
    write: (part) => void parts.push(part),
  });
  return { stream, bytes: () => new Uint8Array(parts.flatMap((part) => [...part])) };
}

function chunked(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) {
        controller.enqueue(bytes.slice(at, at + size));
      }
      controller.close();
    },
  });
}

Deno.test("frames arrive unchanged, however the pipe splits them", async () => {
  const frame = fc.record({
    kind: fc.constantFrom<FrameKind>(...Object.values(FRAME)),
    payload: fc.uint8Array({ maxLength: 300 }),
  }, { noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(fc.array(frame), fc.integer({ min: 1, max: 100 }), async (sent, cut) => {
      const { stream, bytes } = collector();
      const writer = new FrameWriter(stream, NONCE);
      for (const { kind, payload } of sent) await writer.write(kind, payload);
      assert.deepEqual(await Array.fromAsync(readFrames(chunked(bytes(), cut), NONCE)), sent);
    }),
  );
});

Deno.test("none of 1,000 forged messages is accepted", async () => {
  for (let i = 0; i < 1000; i++) {
    const { stream, bytes } = collector();
    const guess = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    await new FrameWriter(stream, guess).writeJson(FRAME.reply, { type: "done" });
    await assert.rejects(
      () => Array.fromAsync(readFrames(chunked(bytes(), 64), NONCE)),
      (error) => error instanceof Failure && error.code === "sandbox-forged",
    );
  }
});

Deno.test("a frame that is too long or cut short is refused", async () => {
  const { stream, bytes } = collector();
  await new FrameWriter(stream, NONCE).write(FRAME.batch, new Uint8Array(10));
  const whole = bytes();
  await assert.rejects(
    () => Array.fromAsync(readFrames(chunked(whole.slice(0, -1), 8), NONCE)),
    Failure,
  );
  whole[NONCE_BYTES + 4] = 0xff;
  await assert.rejects(() => Array.fromAsync(readFrames(chunked(whole, 8), NONCE)), /of \d+ bytes/);
});
