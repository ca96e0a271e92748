import assert from "node:assert/strict";
import { localPath } from "../../src/cli/terminal/local_path.ts";

const WINDOWS = { windows: true, home: "C:\\Users\\Eve" };
const MAC = { windows: false, home: "/Users/eve" };

Deno.test("localPath: expands a tilde, also with a backslash on Windows", () => {
  assert.equal(localPath("~/data", MAC), "/Users/eve/data");
  assert.equal(localPath("~", MAC), "/Users/eve");
  assert.equal(localPath("~\\data", WINDOWS), "C:\\Users\\Eve\\data");
  assert.equal(localPath("~/data", WINDOWS), "C:\\Users\\Eve/data");
  assert.equal(localPath("~/data", { windows: false, home: undefined }), "~/data");
});

Deno.test("localPath: does not change other users' tildes, Unix backslashes and quotes", () => {
  for (const path of ["~bob/data", "a~/b", "~\\data", 'it"', "/data/x"]) {
    assert.equal(localPath(path, MAC), path);
  }
});

Deno.test("localPath: drives, network shares and a quoted folder with a backslash at its end", () => {
  assert.equal(localPath('C:\\My Data"', WINDOWS), "C:\\My Data\\");
  for (const path of ["C:\\data", "D:/data", "\\\\server\\share\\in", "data\\in", "C:\\data\\"]) {
    assert.equal(localPath(path, WINDOWS), path);
  }
});
