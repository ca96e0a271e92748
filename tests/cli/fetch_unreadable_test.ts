import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeServer, PASSWORD, USER } from "../fetch/fake_server.ts";
import { TempDir } from "../fetch/setup.ts";
import { binary } from "../harness/binary.ts";

const ENV = { MYSIMBDP_PASSWORD: PASSWORD, NO_COLOR: "1" };

Deno.test({
  name: "a file that the user cannot read is refused, the others are sent",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using server = new FakeServer();
    await using dir = new TempDir();
    await using tools = new TempDir();
    for (const { path } of [dir, tools]) await Deno.chmod(path, 0o755);
    await Deno.chmod(await dir.write("secret.csv", "1"), 0);
    await dir.write("open.csv", "2");
    const args = ["fetch", "-u", USER, "-d", dir.path, "--server", server.url];
    // Root can read everything, so the command runs as another user, from a folder open to it.
    const other = Deno.uid() === 0 ? { uid: 65534, gid: 65534 } : {};
    const program = join(tools.path, "mysimbdp");
    await Deno.copyFile(binary(), program);
    await Deno.chmod(program, 0o755);
    const command = new Deno.Command(program, {
      args,
      cwd: tools.path,
      env: { ...ENV, HOME: tools.path },
      stdin: "null",
      ...other,
    });
    const { code, stdout } = await command.output();
    const out = new TextDecoder().decode(stdout);
    assert.equal(code, 1);
    assert.match(out, /^refused {3}secret\.csv {2}it cannot be read: permission denied$/m);
    assert.match(out, /^sent {6}open\.csv/m);
  },
});
