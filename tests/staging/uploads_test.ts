import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { openIntake } from "../../src/staging/intake.ts";
import { UploadThread } from "../../src/staging/upload_thread.ts";
import { UploadWriter } from "../../src/staging/upload_writer.ts";
import { completeUpload, namesIn, sha256Hex, withData } from "./harness.ts";

Deno.test("the writer appends parts of any size in order", () =>
  withData(async (dataDir) => {
    using stack = new DisposableStack();
    const thread = stack.adopt(new UploadThread(), (thread) => thread.close());
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 400_000 }), fc.boolean()), { maxLength: 12 }),
        fc.nat({ max: 100 }),
        fc.boolean(),
        async (parts, start, isSeen) => {
          const path = `${dataDir}/file`;
          thread.forget(path);
          const kept = randomBytes(start);
          await Deno.writeFile(path, Buffer.concat([kept, randomBytes(50)]));
          const pieces = parts.map(([size]) => randomBytes(size));
          const whole = Buffer.concat([kept, ...pieces]);
          const seen: Uint8Array[] = [];
          const writer = await UploadWriter.open(path, thread, {
            start,
            expected: whole.length - start,
            ...(isSeen ? { onBytes: (bytes) => seen.push(bytes.slice()) } : {}),
          });
          for (const [at, piece] of pieces.entries()) {
            if (parts[at]?.[1]) {
              await giveAll(writer, piece);
              continue;
            }
            const reused = new Uint8Array(piece);
            await writer.write(reused);
            // The caller may use its bytes for something else once the write has returned.
            reused.fill(0);
          }
          assert.equal(writer.offset, whole.length);
          await writer.close();
          assert.ok(whole.equals(await Deno.readFile(path)));
          if (isSeen) assert.ok(Buffer.concat([kept, ...seen]).equals(whole));
          assert.equal(await thread.digest(path, whole.length), sha256Hex(whole));
        },
      ),
      { numRuns: 30 },
    );
  }));

/** Passes bytes as a reader does that fills the memory of the writer. */
async function giveAll(writer: UploadWriter, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const memory = writer.memory();
    const part = bytes.subarray(at, at + memory.length);
    memory.set(part);
    await writer.give(memory.subarray(0, part.length));
    at += part.length;
  }
}

Deno.test("a hash continues as the file grows, and restarts after forget", () =>
  withData(async (dataDir) => {
    const path = `${dataDir}/file`;
    const thread = new UploadThread();
    const bytes = (text: string) => new TextEncoder().encode(text);
    await Deno.writeTextFile(path, "");
    await thread.write(path, 0, bytes("abc"), true);
    await thread.write(path, 3, bytes("def"), false);
    await thread.write(path, 6, bytes("ghi"), true);
    assert.equal(await thread.digest(path, 9), sha256Hex("abcdefghi"), "what it missed is read");
    assert.equal(await thread.digest(path, 3), sha256Hex("abc"), "fewer bytes than before");
    thread.forget(path);
    await Deno.writeTextFile(path, "xyz");
    assert.equal(await thread.digest(path, 3), sha256Hex("xyz"));
    await assert.rejects(thread.digest(path, 4), /ends at 3/);
    const missing = { code: "ENOENT" };
    await assert.rejects(thread.digest(`${path}-missing`, 1), missing);
    await assert.rejects(thread.write(`${path}-missing`, 0, bytes("a"), true), missing);
    const pending = thread.digest(path, 3);
    thread.close();
    await assert.rejects(pending, /closed/);
  }));

Deno.test("a start loads valid uploads and removes other files", () =>
  withData(async (dataDir) => {
    const before = await openIntake(dataDir);
    const upload = await completeUpload(before, "a.csv", "hello");
    before.close();
    const { id } = upload.info;
    const folder = before.layout.uploads;
    const longer = { ...upload.info, length: 9 };
    await Deno.writeTextFile(`${folder}/${id}.json`, JSON.stringify(longer));
    await Deno.writeTextFile(`${folder}/${before.nextId()}`, "bytes without a record");
    await Deno.writeTextFile(`${folder}/${before.nextId()}.json`, JSON.stringify(longer));
    await Deno.writeTextFile(`${folder}/.${id}.json.1.tmp`, "{");

    const after = await openIntake(dataDir);
    assert.deepEqual(await namesIn(folder), [id, `${id}.json`]);
    assert.equal(after.uploads.get(id)?.offset, 5);
    after.close();
  }));
