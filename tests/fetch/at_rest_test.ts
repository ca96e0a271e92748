import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { AtRest } from "../../src/fetch/at_rest.ts";
import {
  type FoundFile,
  MARKER_FILE,
  type ScanEntry,
  TEMPORARY_FILE,
} from "../../src/fetch/scan.ts";

const REST = 30_000;
const NO_RENAMES = new Map();

function found(more: Partial<FoundFile> = {}): FoundFile {
  return { size: 10, mtime: 1_000, ino: 1, birthtime: 500, ...more };
}

function file(name: string, more: Partial<FoundFile> = {}): ScanEntry {
  return { outcome: "candidate", name, candidate: { name, path: name, ...found(more) } };
}

function skipped(code: string) {
  return (name: string, more: Partial<FoundFile> | null = {}): ScanEntry => ({
    outcome: "skipped",
    name,
    failure: new Failure("refused", code, `Cannot send "${name}"`),
    found: more && found(more),
  });
}

const temporary = skipped(TEMPORARY_FILE);
const marker = skipped(MARKER_FILE);
const folder = (name: string) => skipped("folder")(name, null);

/** Looks at one directory, with the seconds of the monotonic clock. */
class Looks {
  readonly #files: AtRest;
  constructor(rest = REST) {
    this.#files = new AtRest({ rest, settle: Math.min(rest, 1_000) });
  }

  /** The names that are ready. */
  at(seconds: number, ...entries: ScanEntry[]): string[] {
    return this.look(seconds, ...entries).ready.map(({ name }) => name);
  }

  look(seconds: number, ...entries: ScanEntry[]) {
    return this.#files.add(entries, NO_RENAMES, seconds * 1_000);
  }

  renamed(seconds: number, names: Map<string, FoundFile>, ...entries: ScanEntry[]): string[] {
    return this.#files.add(entries, names, seconds * 1_000).ready.map(({ name }) => name);
  }

  again(name: string): void {
    this.#files.notDone(name);
  }
}

Deno.test("a file is ready once, after it did not change for the whole time", () => {
  const looks = new Looks();
  const first = looks.look(0, file("a.csv"));
  assert.deepEqual([first.ready, first.resting, first.nextIn], [[], ["a.csv"], REST]);
  assert.deepEqual(looks.look(29, file("a.csv")).nextIn, 1_000);
  assert.deepEqual(looks.at(30, file("a.csv")), ["a.csv"]);
  assert.deepEqual(looks.at(90, file("a.csv")), []);
  looks.again("a.csv");
  assert.deepEqual(looks.at(91, file("a.csv")), ["a.csv"]);
});

Deno.test("a writer that pauses for less than the time is waited for", () => {
  const looks = new Looks();
  for (let second = 0; second < 120; second += 1) {
    // A piece every 29 seconds.
    const size = 10 + Math.floor(second / 29);
    assert.deepEqual(looks.at(second, file("a.csv", { size })), [], `${second}`);
  }
  assert.deepEqual(looks.at(146, file("a.csv", { size: 14 })), ["a.csv"]);
});

Deno.test("size, time and inode each start the time again; dates in the future do not matter", () => {
  const changes: Partial<FoundFile>[] = [{ size: 11 }, { mtime: 2_000 }, { ino: 2 }];
  for (const change of changes) {
    const looks = new Looks();
    looks.at(0, file("a.csv"));
    assert.deepEqual(looks.at(29, file("a.csv", change)), []);
    assert.deepEqual(looks.at(58, file("a.csv", change)), []);
    assert.deepEqual(looks.at(59, file("a.csv", change)), ["a.csv"]);
  }
  for (const mtime of [4e12, 0, -1e12]) {
    const looks = new Looks();
    assert.deepEqual(looks.at(0, file("a.csv", { mtime })), []);
    assert.deepEqual(looks.at(30, file("a.csv", { mtime })), ["a.csv"]);
  }
});

Deno.test("an empty file is reported only after the time, a folder soon", () => {
  const empty: ScanEntry = {
    outcome: "refused",
    name: "a.csv",
    failure: new Failure("refused", "file-empty", "it is empty"),
    found: found({ size: 0 }),
  };
  const looks = new Looks();
  looks.at(0, empty, folder("sub"));
  assert.deepEqual(looks.at(2, empty, folder("sub")), ["sub"]);
  assert.deepEqual(looks.at(5, file("a.csv"), folder("sub")), []);
  assert.deepEqual(looks.at(35, file("a.csv"), folder("sub")), ["a.csv"]);
});

Deno.test("a time of 0 sends a file at the first look", () => {
  assert.deepEqual(new Looks(0).at(0, file("a.csv")), ["a.csv"]);
});

Deno.test("a marker makes a file ready at once; the marker is neither sent nor reported", () => {
  const looks = new Looks();
  looks.at(0, file("a.csv"), file("b.csv"));
  const both = [file("a.csv"), marker("a.csv.done", { mtime: 1_000 }), file("b.csv")];
  assert.deepEqual(looks.at(2, ...both), ["a.csv"]);
  assert.deepEqual(looks.at(40, ...both), ["b.csv"]);
  // Both found at the first look, as after a restart.
  assert.deepEqual(new Looks().at(0, ...both), ["a.csv"]);
});

Deno.test("a marker of an earlier version does not count until it is written again", () => {
  const looks = new Looks();
  const old = marker("a.csv.done", { mtime: 1_500 });
  assert.deepEqual(looks.at(0, file("a.csv"), old), ["a.csv"]);
  const changed = (size: number, mtime: number | null) => file("a.csv", { size, mtime });
  assert.deepEqual(looks.at(2, changed(5, 2_000), old), []);
  // The times of the new version are older than the marker, or not kept at all.
  assert.deepEqual(looks.at(4, changed(7, 900), old), []);
  assert.deepEqual(looks.at(6, changed(8, null), old), []);
  assert.deepEqual(looks.at(8, changed(9, 2_100), old), []);
  const again = marker("a.csv.done", { mtime: 2_200 });
  assert.deepEqual(looks.at(10, changed(9, 2_100), again), ["a.csv"]);
  // At the first look only the times can tell.
  assert.deepEqual(new Looks().at(0, changed(9, 2_100), old), []);
});

Deno.test("a marker with a file that is dated in the future counts if it appeared later", () => {
  const looks = new Looks();
  looks.at(0, file("a.csv", { mtime: 4e12 }));
  const done = marker("a.csv.done", { mtime: 5_000 });
  assert.deepEqual(looks.at(2, file("a.csv", { mtime: 4e12 }), done), ["a.csv"]);
});

Deno.test("a folder called like a marker is none", () => {
  const looks = new Looks();
  assert.deepEqual(looks.at(0, file("a.csv"), marker("a.csv.done", null)), []);
});

Deno.test("a file that had a temporary or hidden name is ready at once, whatever was written last", () => {
  for (const name of ["a.csv.part", ".a.csv.Xy12"]) {
    const looks = new Looks();
    assert.deepEqual(looks.at(0, temporary(name, { size: 3 })), []);
    assert.deepEqual(looks.at(60, temporary(name, { size: 5 })), [], "never sent itself");
    assert.deepEqual(looks.at(62, file("a.csv", { size: 8, mtime: 1_200 })), ["a.csv"]);
  }
});

Deno.test("an inode that is used again, or a second link to it, is not a rename", () => {
  const reused = new Looks();
  reused.at(0, temporary("b.tmp", { birthtime: 500 }));
  assert.deepEqual(reused.at(2, file("a.csv", { birthtime: 900 })), []);
  const linked = new Looks();
  linked.at(0, temporary("a.tmp"));
  assert.deepEqual(linked.at(2, temporary("a.tmp"), file("a.csv")), []);
  const unknown = new Looks();
  unknown.at(
    0,
    temporary("a.tmp", { birthtime: null }),
    temporary("b.tmp", { birthtime: null, ino: 2 }),
  );
  const after = [
    file("a.csv", { birthtime: null }),
    file("b.csv", { birthtime: null, ino: 2, size: 11 }),
  ];
  assert.deepEqual(unknown.at(2, ...after), ["a.csv"]);
  const without = new Looks();
  without.at(0, temporary("a.tmp", { ino: null }));
  assert.deepEqual(without.at(2, file("a.csv", { ino: null })), []);
});

Deno.test("a rename that only an event showed counts while the file is as it was then", () => {
  const looks = new Looks();
  looks.at(0);
  const names = new Map([["a.csv", found()], ["b.csv", found({ ino: 2 })]]);
  const entries = [file("a.csv"), file("b.csv", { ino: 2, size: 99 })];
  assert.deepEqual(looks.renamed(2, names, ...entries), ["a.csv"]);
  assert.deepEqual(looks.at(31, ...entries), []);
  assert.deepEqual(looks.at(32, ...entries), ["b.csv"]);
});
