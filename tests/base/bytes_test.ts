import assert from "node:assert/strict";
import { releaseMemory } from "../../src/base/bytes.ts";

const MEGABYTE = 1024 * 1024;

Deno.test("released memory is free at once, without garbage collection", () => {
  const before = Deno.memoryUsage().external;
  let most = 0;
  for (let i = 0; i < 500; i++) {
    const bytes = new Uint8Array(MEGABYTE).fill(1);
    releaseMemory(bytes);
    assert.ok(bytes.buffer.detached);
    most = Math.max(most, Deno.memoryUsage().external - before);
  }
  assert.ok(most < 8 * MEGABYTE, `${most} bytes were held`);
});

Deno.test("shared and already released memory is left alone", () => {
  const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(7);
  releaseMemory(shared);
  assert.deepEqual([...shared], new Array(8).fill(7));
  const bytes = new Uint8Array(8);
  releaseMemory(bytes);
  releaseMemory(bytes);
  assert.equal(bytes.length, 0);
});
