import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { Failure } from "../../../src/base/failure.ts";
import { unpacked } from "../../../src/sandbox/formats/unpack/unpack.ts";
import type { DeclaredFormat } from "../../../src/sandbox/wire/declaration.ts";
import { csv, jsonl, xlsx } from "../../../src/sdk/mod.ts";
import { zip } from "../../harness/archives.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Result {
  /** The text of each file, by its name in the archive; "" if it is not an archive. */
  files: Record<string, string>;
  notices: string[];
}

interface Module {
  files?: string[];
  entries?: string[];
  format?: DeclaredFormat;
  maxInputBytes?: number;
  maxWholeBytes?: number;
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.slice(from, from + size);
}

async function unpack(
  fileName: string,
  content: Bytes | string,
  module: Module = {},
  pieceBytes = 65_536,
): Promise<Result> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const decoder = new TextDecoder("latin1");
  const result: Result = { files: {}, notices: [] };
  let entry = "";
  const packed = { files: ["*.csv"], format: csv(), maxInputBytes: 1e9, maxWholeBytes: 1e8 };
  for await (
    const piece of unpacked(inPieces(bytes, pieceBytes), { ...packed, ...module, fileName })
  ) {
    if (piece instanceof Uint8Array) {
      result.files[entry] = (result.files[entry] ?? "") + decoder.decode(piece);
    } else if ("notice" in piece) result.notices.push(piece.notice);
    else result.files[entry = piece.entry] = "";
  }
  return result;
}

function failsWith(code: string, text: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    assert.ok(error.hint, "it has a hint");
    return true;
  };
}

const gz = (content: Bytes | string): Bytes => new Uint8Array(gzipSync(content));
const A = "x\n1\n";
const B = "x\n2\n";

Deno.test("an archive is loaded by the names of its files", async () => {
  const archive = await zip([["a.csv", A], ["in/B.CSV", B]]);
  const both = { files: { "a.csv": A, "in/B.CSV": B }, notices: [] };
  assert.deepEqual(await unpack("orders.zip", archive), both);
  assert.deepEqual(await unpack("orders.csv", archive), both, "an archive with a wrong name");
  const some = await unpack("x.zip", archive, { files: ["*.zip"], entries: ["in/*.csv"] });
  assert.deepEqual(some.files, { "in/B.CSV": B });
  assert.deepEqual(some.notices, ['skipped 1 of 2 files in the archive: "a.csv"']);
});

Deno.test("other files beside the data are skipped and reported", async () => {
  const archive = await zip([
    ["README.txt", "about"],
    ["__MACOSX/._a.csv", "?"],
    ["a.csv", A],
    [".DS_Store", "?"],
    ["docs/", ""],
  ]);
  assert.deepEqual(await unpack("orders.zip", archive), {
    files: { "a.csv": A },
    notices: [
      'skipped 3 of 4 files in the archive: "README.txt", "__MACOSX/._a.csv", ".DS_Store"',
    ],
  });
});

Deno.test("a notice of many long names is short", async () => {
  const others = Array.from({ length: 50 }, (_, n) => [`${"long".repeat(30)}${n}.txt`, ""]);
  const { notices } = await unpack("a.zip", await zip([["a.csv", A], ...others as [string, ""][]]));
  assert.match(notices[0]!, /^skipped 50 of 51 files in the archive: "….*49?\.txt" and 45 more$/);
  assert.ok(notices[0]!.length <= 300);
});

Deno.test("the only file may have any name if the archive's name matches", async () => {
  const one = await zip([["data", A]]);
  assert.deepEqual((await unpack("any.csv.zip", one)).files, { data: A });
  await assert.rejects(
    unpack("any.zip", one),
    failsWith("zip-no-entry", /no file in the archive is named \*\.csv; it has "data"$/),
  );
  await assert.rejects(
    unpack("any.csv.zip", one, { entries: ["*.tsv"] }),
    failsWith("zip-no-entry", /named \*\.tsv; it has "data"$/),
  );
});

Deno.test("compression in layers is removed", async () => {
  const cases: [name: string, content: Bytes][] = [
    ["a.csv.gz.gz", gz(gz(A))],
    ["a.csv.gz", gz(gz(A))],
    ["a.csv", gz(A)],
    ["a.csv.gz", gz(gz(gz(A)))],
  ];
  for (const [name, content] of cases) {
    for (const size of [1, 65_536]) {
      assert.deepEqual((await unpack(name, content, {}, size)).files, { "": A }, name);
    }
  }
  const inZip = await zip([["a.csv.gz", gz(A)]]);
  assert.deepEqual((await unpack("orders.zip", inZip)).files, { "a.csv.gz": A });
  assert.deepEqual((await unpack("orders.zip.gz", gz(inZip))).files, { "a.csv.gz": A });
  const twice = await zip([["orders.zip", await zip([["a.csv", A], ["b.csv", B]])]]);
  assert.deepEqual((await unpack("orders.zip", twice)).files, { "a.csv": A, "b.csv": B });
});

Deno.test("too many layers, and archives among the files of an archive, are refused", async () => {
  await assert.rejects(
    unpack("a.csv.gz", gz(gz(gz(gz(A))))),
    failsWith("packed-too-deep", /^Cannot decompress the file: it is compressed more than 3/),
  );
  let archive = await zip([["a.csv", A]]);
  for (let n = 0; n < 3; n++) archive = await zip([["a.zip", archive]]);
  await assert.rejects(unpack("a.zip", archive), failsWith("packed-too-deep", /"a\.zip" in the/));
  const two = await zip([["a.csv", A], ["b.csv.zip", await zip([["b.csv", B]])]]);
  await assert.rejects(
    unpack("a.zip", two),
    failsWith("zip-nested", /^Cannot unpack "b\.csv\.zip" in the archive: it is an archive too/),
  );
  await assert.rejects(
    unpack("a.zip", await zip([["a.csv", gz(await zip([["b.csv", B]]))]])),
    failsWith("zip-nested", /"a\.csv" in the archive/),
  );
});

Deno.test("layers and entries share the limits on size and ratio", async () => {
  const zeros = new Uint8Array(32 << 20);
  await assert.rejects(
    unpack("a.csv.gz", gz(gz(zeros))),
    failsWith("unpacked-too-large", /more than 1,000 times its size/),
  );
  await assert.rejects(
    unpack("a.zip", await zip([["a.csv.gz", gz(zeros)]])),
    failsWith("unpacked-too-large", /more than 1,000 times its size/),
  );
  const text = "x\n" + Array.from({ length: 1e4 }, (_, n) => `${n}\n`).join("");
  const entry = gz(text);
  const archive = await zip([["a.csv.gz", entry], ["b.csv.gz", entry], ["c.csv.gz", entry]]);
  await assert.rejects(
    unpack("a.zip", archive, { maxInputBytes: text.length * 2 }),
    failsWith("unpacked-too-large", /more than [\d,]+ bytes/),
  );
  await unpack("a.zip", archive, { maxInputBytes: text.length * 3 });
  // A plain file has no such limit.
  await unpack("a.csv", text, { maxInputBytes: 10 });
});

Deno.test("a file must be what its ending says", async () => {
  await assert.rejects(unpack("a.csv.gz", A), failsWith("gzip-corrupt", /it is not gzip/));
  await assert.rejects(unpack("a.csv.zip", A), failsWith("zip-corrupt", /it is not zip/));
  await assert.rejects(
    unpack("a.zip", await zip([["a.csv.gz", A]])),
    failsWith("gzip-corrupt", /"a\.csv\.gz": it is not gzip/),
  );
});

Deno.test("a workbook is not an archive", async () => {
  const book = await zip([["[Content_Types].xml", "<Types/>"], ["xl/workbook.xml", "<workbook/>"]]);
  const excel = { files: ["*.xlsx"], format: xlsx() };
  for (const name of ["a.xlsx", "a.zip"]) {
    assert.equal((await unpack(name, book, excel)).files[""]!.length, book.length, name);
  }
  const packed = await unpack("a.zip", await zip([["in/a.xlsx", book]]), excel);
  assert.equal(packed.files["in/a.xlsx"]!.length, book.length);
  for (const format of [csv(), jsonl()]) {
    await assert.rejects(
      unpack("a.csv", book, { format }),
      failsWith("wrong-format", /it is an Excel workbook, the module reads (CSV|JSON Lines)$/),
    );
  }
  await assert.rejects(
    unpack("a.zip", await zip([["a.csv", A], ["b.csv", "%PDF-1.7\n%\xe2\xe3"]])),
    failsWith("wrong-format", /^Cannot read "b\.csv" in the archive: it is a PDF, the module/),
  );
});

Deno.test("an encrypted file is refused only if it is loaded", async () => {
  const locked = await zip([["a.csv", A]], { password: "p" });
  await assert.rejects(unpack("a.zip", locked), failsWith("zip-encrypted", /"a\.csv" is encrypt/));
});

Deno.test("text passes unchanged, however it arrives", async () => {
  const fileText = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 9_000 });
  await fc.assert(
    fc.asyncProperty(fileText, fc.integer({ min: 1, max: 5_000 }), async (text, n) => {
      const given = `id,name\n${text}`;
      const { files, notices } = await unpack("a.csv", given, {}, n);
      assert.equal(files[""], given);
      assert.deepEqual(notices, []);
    }),
  );
});

Deno.test("an empty file has no content", async () => {
  for (const name of ["a.csv", "a.csv.gz", "a.zip"]) {
    assert.deepEqual((await unpack(name, "")).files, {});
  }
  assert.deepEqual((await unpack("a.csv.gz", gz(""))).files, {});
});
