import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Failure } from "../../../src/base/failure.ts";
import { gunzip, looksGzip } from "../../../src/sandbox/formats/unpack/gzip.ts";

const LIMITS = { maxBytes: 1e9 };

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function inflated(bytes: Uint8Array, size: number, limits = LIMITS): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of gunzip(inPieces(bytes, size), limits)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((next) => setTimeout(next, 0));
}

const hasCode = (code: string) => (error: unknown) =>
  error instanceof Failure && error.code === code && error.hint !== undefined;

const first = gzipSync("hello ");
const second = gzipSync("world");

Deno.test("gzip: several members, however the input is split", async () => {
  const both = Buffer.concat([first, second, gzipSync(""), second]);
  for (let size = 1; size <= both.length; size++) {
    assert.equal((await inflated(both, size)).toString(), "hello worldworld");
  }
});

Deno.test("gzip: a file of several megabytes is decompressed unchanged", async () => {
  const bytes = Buffer.concat([randomBytes(3e6), Buffer.alloc(3e6)]);
  assert.ok((await inflated(gzipSync(bytes), 256 * 1024)).equals(bytes));
});

Deno.test("gzip: a file cut at any byte is truncated", async () => {
  for (let length = 0; length < second.length; length++) {
    const cut = Buffer.concat([first, second.subarray(0, length)]);
    if (length > 0) await assert.rejects(inflated(cut, 7), hasCode("gzip-truncated"));
    await assert.rejects(inflated(second.subarray(0, length), 1000), hasCode("gzip-truncated"));
  }
});

Deno.test("gzip: damaged data, foreign data and wrong checksums are corrupt", async () => {
  const wrongChecksum = Buffer.from(second);
  wrongChecksum[second.length - 6]! ^= 1;
  const wrongLength = Buffer.from(second);
  wrongLength[second.length - 2]! ^= 1;
  const cases = [
    Buffer.from("hello world"),
    wrongChecksum,
    wrongLength,
    Buffer.concat([first, Buffer.from("x,y\n")]),
  ];
  for (const bytes of cases) {
    for (const size of [1, 5, 1000]) {
      await assert.rejects(inflated(bytes, size), hasCode("gzip-corrupt"));
    }
  }
});

Deno.test("gzip: zero bytes may pad the end, but no data may follow them", async () => {
  for (const size of [1, 5, 26, 1000]) {
    const padded = Buffer.concat([first, Buffer.alloc(100)]);
    assert.equal((await inflated(padded, size)).toString(), "hello ");
    const hidden = Buffer.concat([padded, second]);
    await assert.rejects(inflated(hidden, size), hasCode("gzip-corrupt"));
  }
  const slow = gunzip(
    inPieces(Buffer.concat([first, Buffer.alloc(1), second]), first.length + 1),
    LIMITS,
  );
  await assert.rejects(async () => {
    for await (const _ of slow) await turns(50);
  }, hasCode("gzip-corrupt"));
  const far = Buffer.concat([first, Buffer.alloc(500_000), second]);
  await assert.rejects(inflated(far, 64 * 1024), hasCode("gzip-corrupt"));
});

Deno.test("gzip: the ratio stops a bomb, the size stops a long file", async () => {
  const bomb = gzipSync(Buffer.alloc(200e6));
  let bytesOut = 0;
  const drain = async (maxRatio?: number, maxBytes = 1e9) => {
    bytesOut = 0;
    const limits = maxRatio === undefined ? { maxBytes } : { maxBytes, maxRatio };
    for await (const piece of gunzip(inPieces(bomb, bomb.length), limits)) bytesOut += piece.length;
  };
  await assert.rejects(drain(), hasCode("gzip-too-large"));
  assert.ok(bytesOut < 140e6, `${bytesOut} bytes came out`);
  await assert.rejects(drain(2_000, 1e6), hasCode("gzip-too-large"));
  assert.ok(bytesOut <= 1e6, `${bytesOut} bytes came out`);
  await drain(2_000);
  assert.equal(bytesOut, 200e6);
});

Deno.test("gzip: the source is read no faster than the output is taken, and closed when the reader stops", async () => {
  const bytes = gzipSync(randomBytes(4e6));
  let pulled = 0;
  let isEnded = false;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  async function* source() {
    try {
      for await (const piece of inPieces(bytes, 64 * 1024)) {
        pulled += piece.length;
        yield piece;
      }
    } finally {
      isEnded = true;
      resolve();
    }
  }
  for await (const piece of gunzip(source(), LIMITS)) {
    assert.ok(piece.length > 0);
    // Nothing is taken for a while, so reading must stop.
    await turns(50);
    break;
  }
  await ended;
  assert.ok(isEnded && pulled < 2e6, `${pulled} bytes were pulled`);
});

Deno.test("gzip: errors of the source are passed on", async () => {
  async function* source() {
    yield first;
    await Promise.resolve();
    throw new Error("the disk is gone");
  }
  await assert.rejects(Array.fromAsync(gunzip(source(), LIMITS)), /the disk is gone/);
});

Deno.test("gzip: is recognised by its first bytes", () => {
  assert.ok(looksGzip(first));
  assert.ok(!looksGzip(Buffer.from("id,name\n")));
  assert.ok(!looksGzip(new Uint8Array([0x1f])));
});
